"""Does a claim rely on what is on record: an earlier claim, an eligibility answer, an authorization?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, extensions_at, items_at, objects_at, place
from claimgw.conformance.history.beyond import unknown
from claimgw.conformance.history.mentions import named
from claimgw.conformance.history.targets import withdrawn
from claimgw.conformance.memory import Memory, Standing
from claimgw.messages.envelope import Entry, Envelope, inner
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier


def related(case: Case) -> Iterator[Finding]:
    """BV-00725: a related claim is on record, from this provider to this insurer.

    The real server tells it with the structure, so its place begins with a capital (spec §0.3 item 1).
    """
    if case.memory is None:
        return
    for prefix, message in _messages(case):
        claim = message.focal
        if claim is None or claim.type != "Claim":
            continue
        for index, one in objects_at(claim.resource, "related"):
            path = f"{prefix}{claim.path.removeprefix('Bundle')}.related[{index}].claim.identifier"
            yield from _related(case, named(message, one.get("claim"), claim), path)


def _messages(case: Case) -> Iterator[tuple[str, Envelope]]:
    """The message, or those of a batch, each with the place of its Bundle."""
    if case.event != "batch-request":
        yield "Bundle", case.envelope
        return
    for entry in case.envelope.entries[1:]:
        if entry.type == "Bundle" and isinstance(message := inner(entry.resource), Envelope):
            yield entry.path, message


def _related(case: Case, earlier: Identifier | None, path: str) -> Iterator[Finding]:
    if earlier is None or case.memory is None:
        return
    request = case.memory.request("Claim", earlier)
    if request is None:
        yield unknown(
            case,
            "BV-00725",
            path,
            "There is no such claim on record from this provider to this insurer",
            "Name the earlier claim by the system and value of its identifier",
        )
    elif request.standing is Standing.REFUSED:
        yield Finding(
            "BV-00725",
            path,
            "The earlier claim was refused or answered with errors: it has no standing",
            "Send a claim of its own, related to none",
        )


def eligibility(case: Case) -> Iterator[Finding]:
    """BV-00381: the eligibility answer a claim relies on is on record."""
    yield from _answers(
        case, "eligibility-response", "CoverageEligibilityResponse", "BV-00381", "eligibility answer"
    )


def authorization(case: Case) -> Iterator[Finding]:
    """BV-00382: the authorization a claim relies on is on record."""
    yield from _answers(case, "priorauth-response", "ClaimResponse", "BV-00382", "authorization")


def _answers(case: Case, name: str, kind: str, code: str, title: str) -> Iterator[Finding]:
    claim, memory = _claim(case), case.memory
    if claim is None or memory is None:
        return
    for index, extension in extensions_at(claim.resource, name):
        answer = named(case.envelope, extension.get("valueReference"), claim)
        if answer is not None and memory.statement(kind, answer) is None:
            yield unknown(
                case,
                code,
                f"{place(claim)}.extension[{index}].value",
                f"There is no such {title} on record",
                "Name the answer by system and value; give one from elsewhere as an offline one",
            )


def cancelled_authorization(case: Case) -> Iterator[Finding]:
    """BV-00689: a claim does not rely on an advanced authorization that was cancelled."""
    claim, memory = _claim(case), case.memory
    if claim is None or memory is None or case.event != "claim-request":
        return
    cancelled = [*_named_as_cancelled(case, claim, memory)] or [*_numbered_as_cancelled(claim, memory)]
    for path in cancelled:
        yield Finding("BV-00689", path, "The advanced authorization is cancelled", "Ask for an authorization")


def _named_as_cancelled(case: Case, claim: Entry, memory: Memory) -> Iterator[str]:
    for index, extension in extensions_at(claim.resource, "priorauth-response"):
        answer = memory.statement(
            "ClaimResponse", named(case.envelope, extension.get("valueReference"), claim)
        )
        if answer is not None and withdrawn(memory, answer):
            yield f"{place(claim)}.extension[{index}].value"


def _numbered_as_cancelled(claim: Entry, memory: Memory) -> Iterator[str]:
    for index, insurance in objects_at(claim.resource, "insurance"):
        for at, number in enumerate(items_at(insurance, "preAuthRef")):
            given = memory.authorizations.get(number, ()) if isinstance(number, str) else ()
            if any(one.withdrawn_by is not None for one in given):
                yield f"{place(claim)}.insurance[{index}].preAuthRef[{at}]"


def _claim(case: Case) -> Entry | None:
    focal = case.envelope.focal
    return focal if focal is not None and focal.type == "Claim" else None
