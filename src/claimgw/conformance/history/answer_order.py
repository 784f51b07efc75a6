"""May this answer follow those that were given before, and is its identifier new?"""

from collections.abc import Iterator, Sequence
from typing import Any

from claimgw.conformance.case import Case, extensions_at, place
from claimgw.conformance.history.answered import answer_of, earlier
from claimgw.conformance.memory import Request, Statement
from claimgw.messages.events import Leg
from claimgw.messages.findings import Finding, Severity


def completed(case: Case) -> Iterator[Finding]:
    """BV-00513, BV-00055: after a complete answer only complete ones follow, and say why they are issued."""
    answer, before = answer_of(case), earlier(case)
    if answer is None or answer.type != "ClaimResponse" or not _is_complete(before):
        return
    if answer.resource.get("outcome") != "complete":
        yield Finding(
            "BV-00513",
            f"{place(answer)}.outcome",
            "The request has a complete answer already, and this one is not complete",
            "Answer with outcome complete and a reissue reason, or not at all",
        )
    if not _has_reason(answer.resource):
        yield Finding(
            "BV-00055",
            f"{place(answer)}.extension",
            "The request has a complete answer already, and this one does not say why it is issued again",
            "Add the extension adjudication-reissue with a reason",
        )


def followed(case: Case) -> Iterator[Finding]:
    """BV-00121: an authorization answer that follows another says why; information only (spec C-17)."""
    answer, before = answer_of(case), earlier(case)
    if answer is None or case.event != "priorauth-response" or not before or _is_complete(before):
        return
    if not _has_reason(answer.resource):
        yield Finding(
            "BV-00121",
            f"{place(answer)}.extension",
            "The request has been answered before, and this answer does not say why it is issued again",
            "Add the extension adjudication-reissue with a reason",
            Severity.INFORMATION,
        )


def _is_complete(before: Sequence[Statement]) -> bool:
    return any(one.outcome == "complete" for one in before)


def _has_reason(resource: Any) -> bool:
    return any(True for _ in extensions_at(resource, "adjudication-reissue"))


def identifier(case: Case) -> Iterator[Finding]:
    """BV-00163: the business identifier is that of no other message of its sender."""
    focal, header_id = case.envelope.focal, case.envelope.header_id
    before = _of_that_identifier(case)
    if focal is not None and before is not None and before.header_id != header_id:
        yield Finding(
            "BV-00163",
            f"{place(focal)}.identifier",
            "The identifier was used for another message",
            "Give each message an identifier of its own",
        )


def _of_that_identifier(case: Case) -> Request | Statement | None:
    """What the sender has sent under the identifier; a claim is BV-00457, a task may be sent again."""
    envelope, memory = case.envelope, case.memory
    focal, known = envelope.focal, envelope.event
    if focal is None or known is None or memory is None:
        return None
    if known.leg is not Leg.REQUEST:
        said = memory.statement(focal.type, envelope.focal_identifier)
        return said if said and said.insurer == str(envelope.sender) else None
    if focal.type in ("Claim", "Task"):
        return None
    asked = memory.request(focal.type, envelope.focal_identifier)
    return asked if asked and asked.provider == str(envelope.sender) else None
