"""In which wrong ways does the insurer answer? Plans, as the right ones are."""

from collections.abc import Callable
from dataclasses import replace

from claimgw.ids import derived_id
from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.claim_response import UNKNOWN_MEMBER, Stage, Stamp
from claimgw.insurers.sandbox.plan import AGAIN_AFTER, Later, Plan, approve, posted
from claimgw.insurers.sandbox.reading import Party, record, records, text
from claimgw.insurers.sandbox.terms import BATCH, SD, Json
from claimgw.insurers.sandbox.wording import (
    Business,
    Receipt,
    Said,
    Turn,
    answerable,
    decision,
    refused,
    said,
    spoken,
)

HUGE_BYTES = 10 * 1024 * 1024
STRANGER = "INS-STRANGER"
_PAGE = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>\n"


def approve_twice(turn: Turn, _number: int | None) -> Plan:
    """Where only one answer is allowed, the second is one too many; an acknowledgement is given once."""
    usual = approve(turn)
    if turn.request.claim is not None:
        return replace(usual, later=(posted(turn, AGAIN_AFTER),))

    def again(stamp: Stamp) -> bytes:
        what = said(turn, Judgement.APPROVE, stamp)
        assert isinstance(what, Business)
        event = answers.REPLIES[turn.request.event]
        return answers.started(
            event, answers.Way.back(turn.request), list(what.resources), stamp, turn.request
        )

    return replace(usual, later=(Later(AGAIN_AFTER, again),)) if answerable(turn.request) else usual


def answer_garbage(_turn: Turn, _number: int | None) -> Plan:
    return Plan(lambda _stamp: _PAGE, content_type="text/html")


def break_rules(turn: Turn, _number: int | None) -> Plan:
    def compose(stamp: Stamp) -> bytes:
        what, refusal = said(turn, Judgement.APPROVE, stamp), refused(turn, UNKNOWN_MEMBER, stamp)
        if isinstance(what, Receipt) or isinstance(refusal, Receipt):
            return answers.unaddressed(turn.request, stamp)
        errors = {name: value for name, value in refusal.resources[0].items() if name == "error"}
        return spoken(turn.request, _altered(what, lambda one: _unfinished(one) | errors), stamp)

    return Plan(compose)


def answer_other(turn: Turn, _number: int | None) -> Plan:
    other = derived_id("another request", turn.request.header_id)
    return Plan(
        lambda stamp: spoken(turn.request, said(turn, Judgement.APPROVE, stamp), stamp, answers_id=other)
    )


def answer_as_stranger(turn: Turn, _number: int | None) -> Plan:
    stranger = Party(turn.request.receiver.system, STRANGER)
    return Plan(
        lambda stamp: spoken(turn.request, said(turn, Judgement.APPROVE, stamp), stamp, sender=stranger)
    )


def answer_foreign(turn: Turn, _number: int | None) -> Plan:
    return Plan(
        lambda stamp: spoken(turn.request, _altered(said(turn, Judgement.APPROVE, stamp), _foreign), stamp)
    )


def answer_nothing(turn: Turn, _number: int | None) -> Plan:
    def compose(stamp: Stamp) -> bytes:
        response = decision(turn.request, Judgement.APPROVE, stamp, Stage.COMPLETE, ())
        return answers.deferred(turn.request, _foreign(response), stamp)

    return replace(approve(turn), later=(Later(AGAIN_AFTER, compose),))


def leave_batch_out(turn: Turn, _number: int | None) -> Plan:
    return Plan(
        lambda stamp: spoken(turn.request, _altered(said(turn, Judgement.APPROVE, stamp), _unbatched), stamp)
    )


def answer_hugely(turn: Turn, _number: int | None) -> Plan:
    usual = approve(turn)
    return replace(usual, answer=lambda stamp: answers.padded(usual.answer(stamp), HUGE_BYTES))


def _altered(what: Said, change: Callable[[Json], Json]) -> Said:
    """The focus changed; an acknowledgement has none."""
    if isinstance(what, Receipt):
        return what
    focus, *beside = what.resources
    return Business((change(focus), *beside))


def _unfinished(resource: Json) -> Json:
    """Without the element that says how it ended."""
    lost = "status" if resource.get("resourceType") == "Task" else "outcome"
    return {name: value for name, value in resource.items() if name != lost}


def _foreign(resource: Json) -> Json:
    """The same about something that was never asked."""
    name = "focus" if resource.get("resourceType") == "Task" else "request"
    about = record(resource.get(name))
    asked = record(about.get("identifier"))
    other = {**asked, "value": derived_id("another claim", text(asked.get("value")))}
    return {**resource, name: {**about, "identifier": other}}


def _unbatched(response: Json) -> Json:
    urls = [f"{SD}extension-{name}" for name in BATCH]
    kept = [one for one in records(response.get("extension")) if one.get("url") not in urls]
    return {**response, "extension": kept}
