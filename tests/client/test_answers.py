"""Is an answer read as it was meant, whoever wrote it?"""

import json

import pytest

from claimgw.client import Answer, NotAnAnswer
from claimgw.client.answers import nested_messages
from claimgw.messages import replies
from claimgw.messages.findings import Finding
from tests.gateway import example


def answer(name: str) -> Answer:
    return Answer.read(200, example(name))


def test_a_decision_of_the_insurer_is_told() -> None:
    decided = answer("claim-response-complete")
    assert (decided.event, decided.outcome, decided.adjudication) == (
        "claim-response",
        "complete",
        "approved",
    )
    assert decided.about == "CLM-2026-03101"
    assert not decided.by_gateway
    assert not decided.refused
    assert decided.findings == ()


def test_a_refusal_of_the_insurer_names_its_code() -> None:
    refused = answer("claim-response-error")
    assert refused.refused
    assert [found.code for found in refused.findings] == ["1657"]


def test_a_queued_answer_is_no_refusal() -> None:
    queued = answer("claim-response-queued")
    assert queued.outcome == "queued"
    assert not queued.refused


def test_an_acknowledgement_with_errors_lists_them_with_their_places() -> None:
    refused = answer("acknowledgement-fatal-error")
    assert refused.refused
    assert refused.by_gateway
    assert len(refused.findings) == 2
    assert all(found.path for found in refused.findings)


def test_a_bare_outcome_is_an_answer_of_the_gateway() -> None:
    finding = Finding("GE-00020", "Bundle.entry[0].resource.sender", "Not who is calling", "Use your own key")
    refused = Answer.read(403, replies.outcome([finding]))
    assert refused.envelope is None
    assert refused.refused
    assert refused.by_gateway
    assert refused.findings == (finding,)
    assert refused.more is False


def test_the_tag_says_that_more_is_waiting() -> None:
    assert answer("poll-response-one").more
    assert not answer("poll-response-empty").more


def test_a_nested_message_is_the_bytes_that_stand_in_the_answer() -> None:
    raw = example("poll-response-one")
    [nested] = nested_messages(raw)
    assert nested in raw
    assert json.loads(nested) == json.loads(example("claim-response-deferred"))
    assert b"100.00" not in raw or b"100.00" in nested


def test_decimals_and_order_of_a_nested_message_are_not_touched() -> None:
    inside = b'{"id" : "x",  "resourceType":"Bundle", "total": 100.00, "id2":1E2 }'
    raw = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task"}},{"resource":'
        + inside
        + b"}]}"
    )
    assert nested_messages(raw) == (inside,)


@pytest.mark.parametrize(
    "body", [b"", b"<html>It works!</html>", b"{}", b"[1]", b'{"resourceType":"Patient"}']
)
def test_what_is_no_fhir_is_no_answer(body: bytes) -> None:
    with pytest.raises(NotAnAnswer, match="HTTP 200"):
        Answer.read(200, body)
