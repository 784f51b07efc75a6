"""Is what the gateway writes itself free of faults, judged as strictly as what a provider sends?"""

from collections.abc import Iterator, Sequence

import pytest

from campaigns.mutator import mutants
from campaigns.spec import is_there, spec
from campaigns.verdict import RECEIVED
from claimgw.clearinghouse.forms import form_of
from claimgw.conformance import Validator, check
from claimgw.conformance.severity import direction_of
from claimgw.messages import claim_replies, poll_replies, replies
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity, errors
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import Licence
from tests.conformance.planned import planned
from tests.gateway import EXAMPLES, example
from tests.messages.written import FAULT, NOW, STAMP, envelope, faults

INSURER = Licence.parse("payer:INS-2001")
TO_CLAIMS = sorted(
    file.stem
    for event in ("claim", "priorauth")
    for file in EXAMPLES.glob(f"{event}-request-*.json")
    if "refused" not in file.stem
)
TO_POLLS = ["poll-request", "poll-request-filtered"]
TO_INSURERS = [
    "claim-response-deferred",
    "priorauth-response-deferred",
    "advanced-authorization",
    "communication-request",
    "payment-reconciliation",
]
# What nobody could mend: the answer must repeat it, or has nothing to put in its place.
STANDS = {
    ("DT-00891", "response.identifier"): "the id of the header that is answered is no id",
    ("BV-00275", "request.identifier.value"): "the number of the claim that is answered is too long",
    ("IC-00096", "patient"): "the patient has no usable identifier, or cannot be told from the others",
}


@pytest.mark.parametrize("name", TO_CLAIMS)
def test_answers_to_claims_and_authorizations_have_no_fault(name: str) -> None:
    request = envelope(example(name))
    assert faults(claim_replies.queued(request, STAMP, "It will be delivered.")) == []
    assert faults(claim_replies.refused(request, STAMP, [FAULT])) == []


@pytest.mark.parametrize("name", TO_POLLS)
def test_answers_to_polls_have_no_fault(name: str) -> None:
    request = envelope(example(name))
    assert faults(poll_replies.delivered(request, STAMP, [])) == []
    assert faults(poll_replies.delivered(request, STAMP, list(waiting()))) == []
    assert faults(poll_replies.failed(request, STAMP, [FAULT])) == []


def waiting() -> Iterator[poll_replies.Waiting]:
    for name in TO_INSURERS:
        message = envelope(example(name))
        assert message.bundle_id
        yield poll_replies.Waiting(message.bundle_id, message.raw, NOW)


@pytest.mark.parametrize("name", TO_INSURERS)
def test_acknowledgements_have_no_fault(name: str) -> None:
    message = envelope(example(name))
    assert faults(replies.acknowledgement(message, STAMP)) == []
    assert faults(replies.acknowledgement(message, STAMP, [FAULT])) == []


@pytest.mark.parametrize("response", ["8d0b3c52-2b33-4d3b-9d12-9b6f2a1c7e55", None])
def test_error_notices_have_no_fault(response: str | None) -> None:
    request = "102aa022-17b5-49a0-82c4-476a9c4d79e9"
    written = replies.error_notice(INSURER, STAMP, [FAULT], request_header=request, response_header=response)
    assert faults(written) == []


def test_bare_outcomes_have_no_fault() -> None:
    warning = Finding("IC-00076", "Bundle", "A warning", "Mend it", Severity.WARNING)
    written = replies.outcome([FAULT, warning, Finding("GE-00013", "", "Not JSON")])
    assert Validator().validate(written, received=NOW, all_stages=True).findings == ()


@pytest.mark.skipif(not is_there(), reason="the spec files are not beside the repository")
def test_what_was_wrong_in_a_message_is_not_repeated_in_its_refusal() -> None:
    found, written = [], 0
    for refused, findings in spoilt():
        if (answer := refusal(refused, findings)) is not None:
            written += 1
            found += [one for one in faults(answer) if not stands(*one)]
    assert written > 100
    assert found == []


def refusal(refused: Envelope, findings: Sequence[Finding]) -> bytes | None:
    assert refused.event is not None
    form = form_of(refused.event)
    return form.refused(refused, Stamp("seed", NOW), findings) if form.answerable(refused) else None


def spoilt() -> Iterator[tuple[Envelope, Sequence[Finding]]]:
    """A sample of the mutants that are refused, with the findings."""
    for mutant in mutants(planned(), spec(), seed=1, share=0.012):
        message = read(mutant.raw)
        if isinstance(message, Envelope) and message.event and message.sender and message.header_id:
            found = check(message, RECEIVED, direction=direction_of(message.event))
            if errors(found):
                yield message, found


def stands(code: str, path: str) -> bool:
    return any(code == known and path.endswith("." + place) for known, place in STANDS)
