"""Where do the rules stop that look at several resources? What they find is in `faults`."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance import check
from claimgw.conformance.rulebook.spoilt import Change, patched
from claimgw.conformance.rules.facts.moments import ahead, day, later
from claimgw.conformance.severity import direction_of
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read

_EXAMPLES = Path(__file__).parents[2] / "examples"


def _found(message: str, *changes: Change, received: str | None = None) -> set[str]:
    decoded = decode((_EXAMPLES / f"{message}.json").read_bytes())
    assert isinstance(decoded, Decoded)
    return _codes(patched(decoded.tree, changes), received)


def _codes(tree: dict[str, Any], received: str | None) -> set[str]:
    envelope = read(encode(tree))
    assert isinstance(envelope, Envelope)
    now = datetime.fromisoformat(received or tree["timestamp"])
    found = check(envelope, now, direction=direction_of(envelope.event), all_stages=True)
    return {one.code for one in found}


def _set(path: str, value: Any) -> Change:
    return Change("replace", path, value)


def test_the_ninetieth_day_is_still_a_newborns() -> None:
    birth = _set("/entry/3/resource/birthDate", "2026-06-13")  # the stay ends on 11 September
    assert not _found("claim-request-newborn", birth) & {"BV-00553", "BV-00556"}


def test_a_child_that_is_not_called_a_newborn_may_be_of_any_age() -> None:
    changes = [
        _set("/entry/3/resource/birthDate", "2020-06-01"),
        _set("/entry/1/resource/extension/1/valueBoolean", False),
    ]
    assert not _found("claim-request-newborn", *changes) & {"BV-00553", "BV-00556"}


def test_a_birth_known_to_the_month_only_gives_no_age() -> None:
    birth = _set("/entry/3/resource/birthDate", "2026-05")
    assert not _found("claim-request-newborn", birth) & {"BV-00553", "BV-00556", "BV-00849", "BV-00851"}


def test_a_child_of_a_year_need_not_be_weighed_at_admission() -> None:
    weight = _set("/entry/1/resource/supportingInfo/14/category/coding/0/code", "vital-sign-weight")
    birthday = _set("/entry/3/resource/birthDate", "2025-09-09")
    eve = _set("/entry/3/resource/birthDate", "2025-09-10")
    assert "BV-00849" not in _found("claim-request-newborn", weight, birthday)
    assert "BV-00849" in _found("claim-request-newborn", weight, eve)


def test_a_day_case_needs_no_weight_at_admission() -> None:
    changes = [
        _set("/entry/1/resource/supportingInfo/14/category/coding/0/code", "vital-sign-weight"),
        _set("/entry/2/resource/class/code", "SS"),
    ]
    assert "BV-00849" not in _found("claim-request-newborn", *changes)


def test_a_role_and_its_practitioner_are_one_prescriber() -> None:
    requester = _set("/entry/3/resource/requester/reference", "http://alwaha.example/fhir/Practitioner/61001")
    assert "BV-00712" not in _found("prescriber-request", requester)


def test_a_medicine_may_have_a_second_code_that_only_one_side_knows() -> None:
    own = Change(
        "add",
        "/entry/1/resource/item/0/productOrService/coding/-",
        {"system": "http://alwaha.example/medicines", "code": "M-1"},
    )
    assert "BV-00703" not in _found("prescriber-request", own)


def test_a_prescription_of_the_day_is_not_later_than_the_claim_of_that_day() -> None:
    authored = _set("/entry/3/resource/authoredOn", "2026-10-05")
    assert "BV-00701" not in _found("prescriber-request", authored)


def test_what_the_gateway_answers_keeps_the_owner_of_the_request() -> None:
    gateway = {"system": "http://nphies.sa/license/nphies", "value": "NPHIES"}
    assert "BV-00915" not in _found("cancel-response", _set("/entry/0/resource/sender/identifier", gateway))


def test_a_visit_by_telemedicine_names_the_clinic_and_one_at_home_does_not() -> None:
    nowhere = Change("remove", "/entry/1/resource/facility")
    virtual = _set("/entry/2/resource/class/code", "VR")
    home = _set("/entry/2/resource/class/code", "HH")
    assert "BV-00905" in _found("claim-request-professional", nowhere, virtual)
    assert "BV-00905" not in _found("claim-request-professional", nowhere, home)


def test_a_prescriber_need_not_name_the_clinic() -> None:
    assert "BV-00905" not in _found("prescriber-request", Change("remove", "/entry/1/resource/facility"))


def test_before_referrals_came_no_claim_named_its_clinic() -> None:
    nowhere = Change("remove", "/entry/1/resource/facility")
    received = "2025-02-28T20:00:00+03:00"
    assert "BV-00905" not in _found("claim-request-professional", nowhere, received=received)


def test_an_encounter_that_is_planned_may_start_later_than_it_is_asked_for() -> None:
    start = _set("/entry/2/resource/period/start", "2026-09-08T06:00:00+03:00")
    assert "BV-00850" not in _found("priorauth-request-institutional", start)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-10-05", "2026-10-05T23:00:00+03:00"),
        ("2026-10", "2026-10-05"),
        ("2026-10-05T10:00:00+03:00", "2026-10-05T07:00:00Z"),
        ("tomorrow", "2026-10-05"),
        (None, "2026-10-05"),
        ("2026-10-06T10:00:00", "2026-10-05"),
    ],
)
def test_what_may_be_the_same_moment_or_is_none_is_not_later(one: str | None, other: str) -> None:
    assert not later(one, other)
    assert later("2026-11", other)


def test_a_quarter_of_an_hour_ahead_is_the_clocks() -> None:
    now = datetime.fromisoformat("2026-10-05T10:00:00+03:00")
    assert not ahead("2026-10-05T10:15:00+03:00", now)
    assert ahead("2026-10-05T10:15:01+03:00", now)
    assert not ahead("2026-10-05", now)
    assert ahead("2026-10-06", now)


def test_a_day_is_the_day_at_home() -> None:
    assert str(day("2026-10-05T22:30:00Z")) == "2026-10-06"
    assert str(day("2026-10-05")) == "2026-10-05"
    assert day("2026-10") is None
    assert day("0001-01-01T00:00:00+14:00") is None
    assert day("never") is None


def test_a_site_of_no_known_kind_is_one_fault() -> None:
    unknown = _set(
        "/entry/6/resource/type/0/coding", [{"system": "http://alwaha.example/sites", "code": "OPD"}]
    )
    assert _found("claim-request-professional", unknown) == {"IB-00168"}
