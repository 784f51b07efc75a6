"""Is it told rightly what the patient pays, and where the insurer knows another cover?"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from claimgw.client import Aspect, Difference, NotAMessage, coverages, gap
from tests.conformance import real_messages
from tests.gateway import example, resource

CLAIM, RESPONSE = example("claim-request-professional"), example("claim-response-complete")
ASKED, RETURNED = example("eligibility-request"), example("eligibility-response")


def changed(raw: bytes, change: Callable[[dict[str, Any]], object], kind: str) -> bytes:
    bundle = json.loads(raw)
    change(resource(bundle, kind))
    return json.dumps(bundle).encode()


def test_the_gap_is_what_was_billed_less_the_benefit() -> None:
    found = gap(CLAIM, RESPONSE)
    assert found.total.net == Decimal("633.4")
    assert found.patient == found.total.net - found.benefit
    assert found.items[1].net == Decimal(300)
    assert (found.items[1].benefit, found.items[1].patient) == (Decimal(270), Decimal(30))
    assert sum(item.patient for item in found.items.values()) == found.patient


def test_without_a_total_of_the_benefit_the_items_are_summed() -> None:
    bare = changed(RESPONSE, lambda response: response.pop("total"), "ClaimResponse")
    assert gap(CLAIM, bare) == gap(CLAIM, RESPONSE)


def test_the_total_goes_before_the_items() -> None:
    def state(response: dict[str, Any]) -> None:
        response["total"] = [{"category": {"coding": [{"code": "Benefit"}]}, "amount": {"value": 600}}]

    assert gap(CLAIM, changed(RESPONSE, state, "ClaimResponse")).patient == Decimal("33.4")


def test_what_was_not_decided_is_all_the_patients() -> None:
    assert gap(CLAIM, example("claim-response-error")).patient == Decimal("633.4")


@real_messages.needed
def test_real_totals_without_a_patient_share_leave_a_gap_all_the_same() -> None:
    claim = real_messages.raw("claim-request-pharmacy-06.json")
    response = real_messages.raw("claim-response-pharmacy-complete-01.json")
    assert gap(claim, response).patient == Decimal("11.0")


def test_a_gap_needs_a_claim_and_its_answer() -> None:
    with pytest.raises(NotAMessage, match="no ClaimResponse"):
        gap(CLAIM, CLAIM)


def test_the_same_cover_has_no_difference() -> None:
    assert coverages(ASKED, RETURNED) == ()


def _other_class(cover: dict[str, Any]) -> None:
    cover["class"][1]["value"] = "FAL-SILVER"


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        (
            "Coverage",
            lambda cover: cover["identifier"][0].update(value="FAL-2"),
            Difference(Aspect.MEMBER, "FAL-660101", "FAL-2"),
        ),
        (
            "Coverage",
            lambda cover: cover["period"].update(end="2026-06-30"),
            Difference(Aspect.PERIOD, "2026-01-01 – 2026-12-31", "2026-01-01 – 2026-06-30"),
        ),
        (
            "Coverage",
            lambda cover: cover.pop("policyHolder"),
            Difference(Aspect.POLICY, "CR-5550101", None),
        ),
        (
            "Coverage",
            _other_class,
            Difference(
                Aspect.CLASS, "group FAL-GRP-0101, plan FAL-GOLD", "group FAL-GRP-0101, plan FAL-SILVER"
            ),
        ),
        (
            "Coverage",
            lambda cover: cover["relationship"]["coding"][0].update(code="child"),
            Difference(Aspect.RELATIONSHIP, "self", "child"),
        ),
        (
            "CoverageEligibilityResponse",
            lambda answer: answer["insurance"][0].update(inforce=False),
            Difference(Aspect.IN_FORCE, None, "false"),
        ),
    ],
)
def test_each_aspect_of_a_cover_is_compared(
    kind: str, change: Callable[[dict[str, Any]], object], expected: Difference
) -> None:
    assert coverages(ASKED, changed(RETURNED, change, kind)) == (expected,)


def test_a_cover_that_only_one_side_has_is_told_by_its_number() -> None:
    found = json.loads(ASKED)
    found["entry"] = [entry for entry in found["entry"] if entry["resource"]["resourceType"] != "Coverage"]
    discovery = json.dumps(found).encode()
    assert coverages(discovery, RETURNED) == (Difference(Aspect.MEMBER, None, "FAL-660101"),)
