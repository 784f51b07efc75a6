"""Has what the gateway writes for every event no fault, in both dialects, whatever the request holds?"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fhir.resources.R4B.bundle import Bundle

from campaigns import junk
from campaigns.mutator import mutants, plan
from campaigns.samples import samples
from campaigns.spec import is_there, spec
from campaigns.verdict import RECEIVED
from claimgw.conformance import Direction, check
from claimgw.conformance.severity import direction_of
from claimgw.messages import (
    batch_replies,
    claim_replies,
    eligibility_replies,
    poll_replies,
    replies,
    task_replies,
)
from claimgw.messages.dialect import Dialect
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, errors
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import CODES, Licence
from claimgw.messages.task_replies import StatusReason
from tests.gateway import example
from tests.messages.written import AWAY, FAULT, NOW, envelope, faults, members

Writer = Callable[[Envelope, Stamp], bytes]


def polled(request: Envelope, stamp: Stamp) -> bytes:
    late = envelope(example("claim-response-deferred"))
    return poll_replies.delivered(request, stamp, [poll_replies.Waiting(late.bundle_id or "", late.raw, NOW)])


def _noted(stamp: Stamp) -> Stamp:
    return replace(stamp, notes=("Told before.", "And again."))


CLAIMS: dict[str, Writer] = {
    "queued": lambda e, s: claim_replies.queued(e, _noted(s), "Later.", large=True),
    "refused": lambda e, s: claim_replies.refused(e, _noted(s), [FAULT]),
}
WRITERS: dict[str, dict[str, Writer]] = {
    "claim-request-oral": CLAIMS,
    "claim-request-professional": CLAIMS,
    "priorauth-request-institutional": CLAIMS,
    "priorauth-request-vision": CLAIMS,
    "eligibility-request": {
        "refused": lambda e, s: eligibility_replies.refused(e, s, [FAULT, FAULT]),
        "away": lambda e, s: eligibility_replies.refused(e, s, [AWAY]),
    },
    "cancel-request": {
        "failed": lambda e, s: task_replies.failed(e, s, [FAULT], StatusReason.IN_PROCESS),
        "away": lambda e, s: task_replies.failed(e, s, [AWAY]),
        "completed": task_replies.completed,
    },
    "cancel-request-nullify": {
        "failed": lambda e, s: task_replies.failed(e, s, [FAULT]),
        "completed": task_replies.completed,
    },
    "status-check": {
        "failed": lambda e, s: task_replies.failed(e, s, [FAULT]),
        "standing": lambda e, s: task_replies.standing(
            e, s, "http://hl7.org/fhir/remittance-outcome", "queued"
        ),
        "cancelled": lambda e, s: task_replies.standing(e, s, CODES + "claim-response-outcome", "cancelled"),
    },
    "poll-request": {
        "empty": lambda e, s: poll_replies.delivered(e, s, []),
        "full": polled,
        "failed": lambda e, s: poll_replies.failed(e, s, [FAULT]),
    },
    "poll-request-filtered": {"full": polled},
    "batch-request": {
        "refused": lambda e, s: batch_replies.refused(e, s, [FAULT]),
        "answered": lambda e, s: batch_replies.answered(e, s, list(members(e, s))),
    },
    **{
        name: {
            "ok": replies.acknowledgement,
            "refused": lambda e, s: replies.acknowledgement(e, s, [FAULT]),
        }
        for name in ("communication", "payment-notice", "claim-response-deferred", "communication-request")
    },
    "claim-response-complete": {
        "error notice": lambda e, s: replies.error_notice(
            Licence.parse("payer:INS-2001"),
            s,
            [FAULT],
            request_header="102aa022-17b5-49a0-82c4-476a9c4d79e9",
            response_header=e.header_id,
        )
    },
}
ALL = [(name, kind) for name, kinds in WRITERS.items() for kind in kinds]


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(("name", "kind"), ALL, ids=[f"{kind} {name}" for name, kind in ALL])
def test_what_the_gateway_writes_has_no_fault(name: str, kind: str, dialect: Dialect) -> None:
    written = WRITERS[name][kind](envelope(example(name)), Stamp("seed", NOW, dialect))
    Bundle.model_validate_json(written)
    assert faults(written) == []


REFUSALS: dict[str, Callable[..., bytes]] = {
    "eligibility-request": eligibility_replies.refused,
    "cancel-request": task_replies.failed,
    "status-check": task_replies.failed,
    "poll-request": poll_replies.failed,
    "batch-request": batch_replies.refused,
    "communication": replies.acknowledgement,
    "payment-notice": replies.acknowledgement,
}
ANSWERABLE = {
    "eligibility-request": eligibility_replies.answerable,
    "cancel-request": task_replies.answerable,
    "status-check": task_replies.answerable,
    "poll-request": poll_replies.answerable,
    "batch-request": batch_replies.answerable,
}
# What nobody could mend: the answer must repeat it, or has nothing to put in its place.
STANDS = {
    ("BV-00275", "request.identifier.value"),  # the identifier that is answered is too long
    ("IC-00096", "patient"),  # the patient of a claim has no usable identifier
    ("IC-00174", "patient"),  # nor that of an eligibility request
    ("DT-00891", "response.identifier"),  # the id of the header that is answered is no id
    ("IC-00399", "focus"),  # what shall be cancelled has none
    ("IC-00402", "focus"),  # nor has what is asked about
    ("IC-01428", "focus.type"),  # whose type cannot be told
}


def stands(code: str, path: str) -> bool:
    return any(code == known and path.endswith("." + place) for known, place in STANDS)


@pytest.mark.skipif(not is_there(), reason="the spec files are not beside the repository")
def test_what_was_wrong_in_a_request_is_not_repeated_in_its_refusal() -> None:
    found, count = [], 0
    for request, findings in spoilt():
        for dialect in Dialect:
            count += 1
            assert request.event
            written = REFUSALS[request.event.code](request, Stamp("seed", NOW, dialect), findings)
            found += [one for one in faults(written) if not stands(*one)]
    assert count > 400
    assert found == []


def spoilt() -> Iterator[tuple[Envelope, list[Finding]]]:
    """Requests that are refused and can be answered, with the findings; claims have their own test."""
    valid = {
        name: one for name, one in samples().items() if "claim-" not in name and "priorauth-" not in name
    }
    for mutant in mutants(plan(valid, spec()), spec(), seed=1, share=0.3):
        message = read(mutant.raw)
        if not isinstance(message, Envelope) or message.event is None or message.sender is None:
            continue
        code = message.event.code
        if code not in REFUSALS or message.header_id is None:
            continue
        findings = check(message, RECEIVED, direction=direction_of(message.event))
        if errors(findings) and ANSWERABLE.get(code, lambda _: True)(message):
            yield message, findings


BEYOND = {
    "claim-request": (claim_replies.answerable, claim_replies.refused),
    "priorauth-request": (claim_replies.answerable, claim_replies.refused),
    "eligibility-request": (eligibility_replies.answerable, eligibility_replies.refused),
    "cancel-request": (task_replies.answerable, task_replies.failed),
    "status-check": (task_replies.answerable, task_replies.failed),
    "poll-request": (poll_replies.answerable, poll_replies.failed),
}


def test_what_later_stages_find_is_not_repeated_either() -> None:
    valid = [one.bundle for name, one in samples().items() if name.startswith(tuple(BEYOND))]
    found, written = [], 0
    for seed in range(250):
        request = read(junk.message(valid, random.Random(seed)))
        if not isinstance(request, Envelope) or request.event is None or request.event.code not in BEYOND:
            continue
        answerable, refuse = BEYOND[request.event.code]
        first, whole = (
            check(request, NOW, direction=Direction.REQUEST, all_stages=every) for every in (False, True)
        )
        if errors(first) and answerable(request):
            written += 1
            answer = refuse(request, Stamp("seed", NOW), first, beyond=whole)
            found += [one for one in faults(answer) if not stands(*one)]
    assert written > 100
    assert found == []


@pytest.mark.parametrize("dialect", Dialect)
def test_no_junk_in_a_request_breaks_its_refusal(dialect: Dialect) -> None:
    valid = [one.bundle for name, one in samples().items() if name.startswith(tuple(REFUSALS))]
    written = 0
    for seed in range(300):
        request = read(junk.message(valid, random.Random(seed)))
        if isinstance(request, Envelope) and request.event and request.sender and request.header_id:
            code = request.event.code
            if code in REFUSALS and ANSWERABLE.get(code, lambda _: True)(request):
                written += 1
                answer = REFUSALS[code](request, Stamp("seed", NOW, dialect), [*request.unsound, FAULT])
                assert isinstance(read(answer), Envelope)
    assert written > 120
