"""What of earlier does a message mention, and does any JSON whatever get through?"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance.history.mentions import Mentions, mentions
from claimgw.conformance.memory import Key
from claimgw.messages.envelope import Envelope, read

_EXAMPLES = Path(__file__).parents[2] / "examples"
_JUNK: tuple[Any, ...] = (
    None,
    True,
    1,
    "",
    "x",
    [],
    [None],
    {},
    {"identifier": 1},
    {"reference": []},
    [{"reference": "a"}],
)


def _example(stem: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((_EXAMPLES / f"{stem}.json").read_bytes())
    return tree


def _mentions(tree: dict[str, Any]) -> Mentions:
    envelope = read(json.dumps(tree).encode())
    assert isinstance(envelope, Envelope)
    return mentions(envelope)


def _given(reference: dict[str, Any], kind: str) -> Key:
    return Key(kind, reference["identifier"]["system"], reference["identifier"]["value"])


def test_a_claim_mentions_its_episode_its_invoices_its_services_its_encounter_and_its_patient() -> None:
    found = _mentions(_example("claim-request-institutional"))
    kinds = list(dict.fromkeys(kind for kind, _, _ in found.relations))
    assert kinds == ["authorization", "episode", "encounter", "invoice", "service", "patient"]
    assert found.relations[0] == ("authorization", "", found.authorizations[0])


def test_what_a_request_refers_to_can_be_found_again() -> None:
    again, communication = (
        _mentions(_example("claim-request-resubmission")),
        _mentions(_example("communication")),
    )
    assert [("prior", *key[1:]) for key in again.requests] == [r for r in again.relations if r[0] == "prior"]
    assert [r for r in communication.relations if r[0] == "answers"] == [
        ("answers", *key[1:]) for key in communication.statements
    ]


def test_the_number_of_the_patient_is_kept_nowhere_and_differs_from_provider_to_provider() -> None:
    tree = _example("claim-request-institutional")
    numbers = [
        identifier["value"]
        for entry in tree["entry"]
        if entry["resource"]["resourceType"] == "Patient"
        for identifier in entry["resource"]["identifier"]
    ]
    elsewhere = json.loads(json.dumps(tree).replace("PR-1001", "PR-1002"))
    one, other = (_mentions(each).relations[-1] for each in (tree, elsewhere))
    assert one[:2] == other[:2] == ("patient", "sha-256")
    assert one != other
    assert not any(number in repr(_mentions(tree)) for number in numbers)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("cancel-request", lambda focal: [_given(focal["focus"], "Claim")]),
        ("status-check", lambda focal: [_given(focal["focus"], "Claim")]),
        ("claim-response-complete", lambda focal: [_given(focal["request"], "Claim")]),
        ("eligibility-response", lambda focal: [_given(focal["request"], "CoverageEligibilityRequest")]),
        ("payment-notice", lambda focal: [_given(focal["payment"], "PaymentReconciliation")]),
        (
            "payment-reconciliation",
            lambda focal: [
                *dict.fromkeys(_given(one["request"], "Claim") for one in focal["detail"]),
                *dict.fromkeys(_given(one["response"], "ClaimResponse") for one in focal["detail"]),
            ],
        ),
        (
            "communication",
            lambda focal: [
                _given(focal["about"][0], "Claim"),
                _given(focal["basedOn"][0], "CommunicationRequest"),
            ],
        ),
    ],
)
def test_what_refers_to_an_earlier_message_is_mentioned_by_its_identifier(
    stem: str, expected: Callable[[dict[str, Any]], list[Key]]
) -> None:
    tree = _example(stem)
    found = _mentions(tree)
    assert [*found.requests, *found.statements] == expected(tree["entry"][1]["resource"])


def test_what_is_cancelled_is_found_again_when_the_answer_comes_late() -> None:
    asked, answered = (_mentions(_example(stem)).relations for stem in ("cancel-request", "cancel-response"))
    assert asked == answered
    assert [kind for kind, _, _ in asked] == ["cancels"]
    assert _mentions(_example("status-check")).relations == ()


def test_a_batch_mentions_which_batch_it_is_and_its_claims_are_asked_one_by_one() -> None:
    found = _mentions(_example("batch-request"))
    assert [kind for kind, _, _ in found.relations] == ["batch"]
    assert not (found.requests)
    assert not (found.statements)
    assert not (found.authorizations)


@pytest.mark.parametrize("stem", ["claim-request-institutional", "communication", "payment-reconciliation"])
def test_junk_in_place_of_any_element_mentions_nothing_and_raises_nothing(stem: str) -> None:
    tree = _example(stem)
    for key in list(tree["entry"][1]["resource"]):
        for junk in _JUNK:
            changed = copy.deepcopy(tree)
            changed["entry"][1]["resource"][key] = junk
            _mentions(changed)
