"""What did the insurer's reply mean? From what came over the line to one ending of the closed set. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.insurers.spi import Answered, NotSent, NotSentFault, Reply, TooLarge, Unanswered, UnansweredFault
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, errors
from claimgw.messages.identifiers import Identifier

_NOT_SENT = {
    NotSentFault.UNRESOLVED: Outcome.UNRESOLVED,
    NotSentFault.REFUSED: Outcome.REFUSED,
    NotSentFault.CONNECT_TIMEOUT: Outcome.CONNECT_TIMEOUT,
    NotSentFault.TLS: Outcome.TLS_FAULT,
    NotSentFault.PAUSED: Outcome.PAUSED,
}
_UNANSWERED = {
    UnansweredFault.SILENT: Outcome.SILENT,
    UnansweredFault.RESET: Outcome.RESET,
    UnansweredFault.CLOSED: Outcome.CLOSED,
}
_BY_OUTCOME = {
    "queued": Outcome.QUEUED,
    "partial": Outcome.PARTIAL,
    "complete": Outcome.COMPLETE,
    "error": Outcome.ERROR,
}
_BY_STATUS = {"completed": Outcome.COMPLETE, "failed": Outcome.ERROR}
# How insurers say that they have a message already (spec §8.6, §3.4).
_ALREADY = frozenset({"1677", "1678", "BV-00542"})
# The pattern of nphies error codes (spec §8.3).
_CODE = re.compile(r"(?:DT|BV|IC|IB|RE|GE|FR)-[0-9]{5}|[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The request an answer must fit. `repeated`: an earlier attempt may have arrived.

    `own`: it is a notice of the gateway's, and whatever comes back is the end of it (spec §3.3).
    """

    header_id: str
    insurer: str
    reply_event: str
    identifier: Identifier | None
    repeated: bool
    own: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended. `answer` is the message that came, if one could be read; `body` any bytes.

    `findings` are why it cannot be used, `remarks` what its insurer hears though it can.
    """

    outcome: Outcome
    detail: str = ""
    retry_after: float | None = None
    answer: Envelope | None = None
    body: bytes | None = None
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()


# What an insurer hears of its answer: the errors forbid to deliver it.
Judge = Callable[[Envelope], Sequence[Finding]]


def interpret(reply: Reply, asked: Asked, judge: Judge) -> Ending:
    """The ending that a reply stands for."""
    match reply:
        case NotSent(fault, detail):
            return Ending(_NOT_SENT[fault], detail)
        case Unanswered(unknown, detail):
            return Ending(_UNANSWERED[unknown], detail)
        case TooLarge(status, cap) if 200 <= status < 300:
            finding = Finding(
                "BV-00076", "", f"The answer is larger than {cap} bytes", "Send a smaller answer"
            )
            return Ending(Outcome.TOO_LARGE, "answer over the cap", findings=(finding,))
        case TooLarge(status):
            # An error page, however long, is no answer: the status alone tells whether to send again.
            return _answered(Answered(status, b""), asked, judge)
        case Answered():
            return _answered(reply, asked, judge)
    assert_never(reply)


def _answered(reply: Answered, asked: Asked, judge: Judge) -> Ending:
    status = reply.status
    if 200 <= status < 300:
        return _message(reply.body, asked, judge)
    detail = f"HTTP {status}"
    if status in (400, 422) and (codes := _outcome_codes(reply.body)) is not None:
        return _declined(codes, asked, detail, None, reply.body)
    if status in (408, 425, 429) or (status == 503 and reply.retry_after is not None):
        return Ending(Outcome.BUSY, detail, retry_after=reply.retry_after)
    if status == 409 or status >= 500:
        return Ending(Outcome.SERVER_ERROR, detail, retry_after=reply.retry_after)
    return Ending(Outcome.MISCONFIGURED, detail, retry_after=reply.retry_after)


def _message(body: bytes, asked: Asked, judge: Judge) -> Ending:
    answer = read(body)
    if isinstance(answer, Finding):
        return Ending(Outcome.NOT_A_MESSAGE, answer.text, body=body, findings=(answer,))
    if misfit := _misfit(answer, asked):
        outcome = Outcome.FOREIGN_ANSWER if misfit.code == "BV-00544" else Outcome.INVALID_ANSWER
        return Ending(outcome, misfit.code, answer=answer, body=body, findings=(misfit,))
    code = (answer.response or {}).get("code")
    if code == "transient-error":
        return Ending(Outcome.TRANSIENT, "transient-error", answer=answer, body=body)
    codes = _error_codes(answer)
    if asked.reply_event == "acknowledgement":
        return _acknowledged(answer, str(code), asked, judge)
    if _is_error_notice(answer) or (code == "fatal-error" and told_outcome(answer) is None):
        return _declined(codes, asked, "fatal-error", answer, body)
    return _judged(answer, codes, asked, judge)


def _acknowledged(answer: Envelope, code: str, asked: Asked, judge: Judge) -> Ending:
    """What the insurer found, good or bad, is its own to say."""
    faults = () if asked.own else tuple(errors(judge(answer)))
    if faults:
        return _invalid(answer, faults)
    return Ending(Outcome.ACKNOWLEDGED, code, answer=answer, body=answer.raw)


def _invalid(answer: Envelope, faults: Sequence[Finding]) -> Ending:
    listed = ", ".join(sorted({fault.code for fault in faults}))
    return Ending(Outcome.INVALID_ANSWER, listed, answer=answer, body=answer.raw, findings=tuple(faults))


def told_outcome(answer: Envelope) -> Outcome | None:
    """What a business answer says became of the request; None if it says nothing that can be used."""
    focal = answer.focal
    if focal is not None and focal.type == "Task":
        return _BY_STATUS.get(str(focal.resource.get("status")))
    return _BY_OUTCOME.get(answer.outcome or "")


def _is_error_notice(answer: Envelope) -> bool:
    return answer.event is not None and answer.event.code == "error-notice"


def _judged(answer: Envelope, codes: Sequence[str], asked: Asked, judge: Judge) -> Ending:
    found = judge(answer)
    faults, outcome = errors(found), told_outcome(answer)
    if not faults and outcome is None:
        where = f"{answer.focal.path}.outcome" if answer.focal else "Bundle"
        faults = [
            Finding(
                "IC-01428",
                where,
                "The answer has no usable outcome",
                "Give queued, partial, complete or error; of a task completed or failed",
            )
        ]
    if faults or outcome is None:
        return _invalid(answer, faults)
    if outcome is Outcome.ERROR and asked.repeated and codes and set(codes) <= _ALREADY:
        return Ending(Outcome.DUPLICATE, ", ".join(codes), answer=answer, body=answer.raw)
    return Ending(outcome, answer=answer, body=answer.raw, remarks=tuple(found))


def _misfit(answer: Envelope, asked: Asked) -> Finding | None:
    """Why this is no answer to what was asked (spec §2.2): the first reason."""
    if answer.response is None:
        return Finding(
            "BV-00247",
            "Bundle.entry[0].resource",
            "An answer in the session carries MessageHeader.response",
            "Name the request's MessageHeader.id in response.identifier",
        )
    if answer.responds_to != asked.header_id:
        return Finding(
            "BV-00544",
            "Bundle.entry[0].resource.response.identifier",
            "The answer names another request than the one it was sent for",
            "Give the MessageHeader.id of the request",
        )
    event = answer.event.code if answer.event else None
    if event not in (asked.reply_event, "acknowledgement", "error-notice"):
        return Finding(
            "BV-00543",
            "Bundle.entry[0].resource.eventCoding",
            f"The event does not answer the request; expected {asked.reply_event}",
            "Answer with the event that belongs to the request",
        )
    if str(answer.sender) != asked.insurer:
        return Finding(
            "BV-00447",
            "Bundle.entry[0].resource.sender",
            "The sender is not the party the request was addressed to",
            "Send under the licence that was asked",
        )
    if asked.identifier and answer.request_identifier and answer.request_identifier != asked.identifier:
        return Finding(
            "BV-00544",
            f"{answer.focal.path}.request" if answer.focal else "Bundle",
            "The answer is about another claim than the one that was sent",
            "Give the identifier of the request's focal resource",
        )
    return None


def _declined(
    codes: Sequence[str], asked: Asked, detail: str, answer: Envelope | None, body: bytes
) -> Ending:
    already = asked.repeated and any(code in _ALREADY for code in codes)
    told = ", ".join([detail, *codes])
    return Ending(Outcome.DUPLICATE if already else Outcome.DECLINED, told, answer=answer, body=body)


def _outcome_codes(body: bytes) -> list[str] | None:
    """The codes of a bare OperationOutcome; None if the body is none."""
    decoded = decode(body)
    tree = decoded.tree if isinstance(decoded, Decoded) else None
    if not isinstance(tree, dict) or tree.get("resourceType") != "OperationOutcome":
        return None
    return _codes(tree.get("issue"), "details")


def _error_codes(answer: Envelope) -> list[str]:
    """Codes of ClaimResponse.error, or of the OperationOutcome entries."""
    found: list[str] = []
    for entry in answer.entries[1:]:
        if entry.type == "OperationOutcome":
            found += _codes(entry.resource.get("issue"), "details")
        elif entry is answer.focal:
            found += _codes(entry.resource.get("error"), "code")
    return found


def _codes(rows: object, concept: str) -> list[str]:
    found = []
    for row in rows if isinstance(rows, list) else []:
        named = row.get(concept) if isinstance(row, dict) else None
        codings = named.get("coding") if isinstance(named, dict) else None
        for coding in codings if isinstance(codings, list) else []:
            code = coding.get("code") if isinstance(coding, dict) else None
            # Codes go into our records and logs: a national id, ten digits long, must not pass for one.
            if isinstance(code, str) and _CODE.fullmatch(code):
                found.append(code)
    return found
