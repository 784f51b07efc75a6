"""Is there what a Task or a communication is about, and does it still stand (spec §6.5, §6.6, §6.7)?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from claimgw.conformance.case import Case, codes_at, items_at, objects_at, place
from claimgw.conformance.history.beyond import unknown
from claimgw.conformance.history.mentions import named, target_of
from claimgw.conformance.memory import Key, Memory, Request, Standing, Statement
from claimgw.messages.findings import Finding

_NAME_ANOTHER = "Name what this gateway accepted from you, for this insurer, by system and value"


@dataclass(frozen=True, slots=True)
class _Codes:
    """For a target that nothing is known of, or that was refused: a code for both kinds, or one for each."""

    any: str = ""
    claim: str = ""
    authorization: str = ""

    def of(self, authorization: bool) -> tuple[str, ...]:
        one = self.authorization if authorization else self.claim
        return tuple(filter(None, (self.any, one)))


_UNKNOWN: Mapping[str, _Codes] = {
    "cancel": _Codes(any="BV-00222"),
    "nullify": _Codes(claim="BV-00141", authorization="BV-00142"),
    "status": _Codes(any="BV-00459", claim="BV-00139", authorization="BV-00140"),
}


def task(case: Case) -> Iterator[Finding]:
    """BV-00139 … BV-00142, BV-00222, BV-00459: what is cancelled, nullified or asked about was accepted.

    A claim sent to another insurer, or by another provider, is not among what is remembered: also unknown.
    """
    focal, memory = case.envelope.focal, case.memory
    if focal is None or memory is None or case.event not in ("cancel-request", "status-check"):
        return
    target = target_of(case.envelope, focal.resource.get("focus"), focal)
    named_codes = (_UNKNOWN.get(code) for _, code in codes_at(focal.resource, "code") if code)
    codes = next(filter(None, named_codes), None)
    if target is None or codes is None:
        return
    path = f"{place(focal)}.focus"
    authorization = _is_authorization(memory, target)
    if not _known(memory, target):
        for code in codes.of(authorization):
            yield _missing(case, memory, target, code, path)
    elif _refused(memory, target) and not (case.event == "status-check" and _answered(memory, target)):
        for code in codes.of(authorization):
            yield Finding(
                code,
                path,
                "The request was refused or answered with errors: it has no standing",
                "Nothing has to be undone; send a corrected request",
            )
    elif case.event == "cancel-request":
        yield from _out_of_force(memory, target, path)


def _out_of_force(memory: Memory, target: Key, path: str) -> Iterator[Finding]:
    """BV-00143, BV-00144, BV-00445, BV-00686: what is to be cancelled is in force."""
    request, statement = memory.requests.get(target), memory.statements.get(target)
    hint = "Nothing is to be done"
    if statement is not None and withdrawn(memory, statement):
        yield Finding("BV-00686", path, "The advanced authorization is cancelled already", hint)
    elif request is not None:
        match request.standing:
            case Standing.CANCELLED:
                yield Finding("BV-00143", path, "It is cancelled already", hint)
                yield Finding("BV-00445", path, "Its cancellation was completed earlier", hint)
            case Standing.NULLIFIED:
                yield Finding("BV-00144", path, "It was nullified", hint)
            case Standing.OPEN | Standing.ANSWERED | Standing.REFUSED:
                pass
            case never:
                assert_never(never)
        if memory.open_cancellation and request.standing in (Standing.OPEN, Standing.ANSWERED):
            yield _under_way(path)
    elif memory.open_cancellation:
        yield _under_way(path)


def _under_way(path: str) -> Finding:
    return Finding(
        "BV-00143", path, "Another cancellation of it is under way", "Wait for the answer to the first one"
    )


def communication(case: Case) -> Iterator[Finding]:
    """BV-00148: a communication is about what was accepted and is still in force."""
    focal, memory = case.envelope.focal, case.memory
    if focal is None or memory is None or focal.type != "Communication":
        return
    for index, about in enumerate(items_at(focal.resource, "about")):
        target = target_of(case.envelope, about, focal)
        if target is None or target.type == "CommunicationRequest":
            continue
        path = f"{place(focal)}.about[{index}].identifier"
        if not _known(memory, target):
            yield _missing(case, memory, target, "BV-00148", path)
        elif _refused(memory, target) or _ended(memory, target):
            yield Finding(
                "BV-00148",
                path,
                "What the communication is about is not in force",
                "Write about requests that were accepted, and not cancelled since",
            )


def answered_question(case: Case) -> Iterator[Finding]:
    """BV-00455: a communication that answers a question names one that was asked."""
    focal, memory = case.envelope.focal, case.memory
    if focal is None or memory is None or focal.type != "Communication":
        return
    for index, asked in objects_at(focal.resource, "basedOn"):
        question = named(case.envelope, asked, focal)
        if question is not None and memory.statement("CommunicationRequest", question) is None:
            yield unknown(
                case,
                "BV-00455",
                f"{place(focal)}.basedOn[{index}]",
                "There is no such communication request on record",
                "Name the request for information by system and value, or leave basedOn out",
            )


_ABOUT = {"Claim": "BV-00137", "ClaimResponse": "BV-00145"}


def question(case: Case) -> Iterator[Finding]:
    """BV-00137, BV-00145: an insurer asks about a claim that was accepted, or an authorization it gave."""
    focal, memory = case.envelope.focal, case.memory
    if focal is None or memory is None or case.event != "communication-request":
        return
    for index, about in enumerate(items_at(focal.resource, "about")):
        target = target_of(case.envelope, about, focal)
        if target is None or target.type not in _ABOUT:
            continue
        code, path = _ABOUT[target.type], f"{place(focal)}.about[{index}].identifier"
        if target not in memory.requests and target not in memory.statements:
            yield unknown(
                case,
                code,
                path,
                "There is no such message on record",
                "Name a claim of this provider, or an authorization given to it, by system and value",
            )
        elif _refused(memory, target):
            yield Finding(code, path, "The claim was refused", "Ask about claims that were accepted")


def _known(memory: Memory, target: Key) -> Request | Statement | None:
    """What may be cancelled, asked or written about: a request, or an authorization given without one."""
    statement = memory.statements.get(target)
    if statement is not None and statement.event == "advanced-authorization":
        return statement
    return memory.requests.get(target)


def _missing(case: Case, memory: Memory, target: Key, code: str, path: str) -> Finding:
    if target in memory.statements:
        return Finding(
            code,
            path,
            "Only an advanced authorization is named by what the insurer sent",
            "Name the claim, or the request for authorization, that was answered",
        )
    return unknown(case, code, path, "There is no such request on record", _NAME_ANOTHER)


def _refused(memory: Memory, target: Key) -> bool:
    request = memory.requests.get(target)
    return request is not None and request.standing is Standing.REFUSED


def _answered(memory: Memory, target: Key) -> bool:
    """Whether its insurer has answered it, were it with an error: that is what a status check is told."""
    request = memory.requests.get(target)
    return request is not None and any(not one.by_gateway for one in request.answers)


def _ended(memory: Memory, target: Key) -> bool:
    request, statement = memory.requests.get(target), memory.statements.get(target)
    if statement is not None:
        return withdrawn(memory, statement)
    return request is not None and request.standing in (Standing.CANCELLED, Standing.NULLIFIED)


def withdrawn(memory: Memory, statement: Statement) -> bool:
    """Whether an advanced authorization was cancelled, be it in another message of its number."""
    others = memory.authorizations.get(statement.authorization or "", ())
    return any(one.withdrawn_by is not None for one in (statement, *others))


def _is_authorization(memory: Memory, target: Key) -> bool:
    """Of what is not on record its type alone tells."""
    request = memory.requests.get(target)
    return request.event == "priorauth-request" if request else target.type == "ClaimResponse"
