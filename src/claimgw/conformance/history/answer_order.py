"""May this answer follow those that were given before, and is its identifier new?"""

from collections.abc import Iterator, Sequence
from typing import Any

from claimgw.conformance.case import Case, extensions_at, place
from claimgw.conformance.history.answered import answer_of, earlier
from claimgw.conformance.memory import Statement
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
    """BV-00163: the business identifier is that of no other message of its sender; of claims, BV-00457."""
    envelope, memory = case.envelope, case.memory
    focal, known = envelope.focal, envelope.event
    if focal is None or known is None or memory is None or focal.type == "Claim":
        return
    if known.leg is Leg.REQUEST:
        asked = memory.request(focal.type, envelope.focal_identifier)
        owner, header_id = (asked.provider, asked.header_id) if asked else (None, None)
    else:
        said = memory.statement(focal.type, envelope.focal_identifier)
        owner, header_id = (said.insurer, said.header_id) if said else (None, None)
    if owner == str(envelope.sender) and header_id != envelope.header_id:
        yield Finding(
            "BV-00163",
            f"{place(focal)}.identifier",
            "The identifier was used for another message",
            "Give each message an identifier of its own",
        )
