"""Is the referral that a claim names the one which the answers it relies on have given?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, extensions_at, items_at, objects_at, place, text_at
from claimgw.conformance.history.mentions import named
from claimgw.conformance.memory import Memory, Statement
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class _Given:
    """What an insurer's answer says of a referral: its number, and its identifier if it names one."""

    number: str | None
    referral: Identifier | None


def of_eligibility(case: Case) -> Iterator[Finding]:
    """BV-00921, BV-00922: number and referral are those of the eligibility answer that is quoted."""
    claim, memory = case.envelope.focal, case.memory
    if claim is None or claim.type != "Claim" or memory is None:
        return
    number = next(
        (text_at(one, "valueString") for _, one in extensions_at(claim.resource, "referral-reference")), None
    )
    for index, extension in extensions_at(claim.resource, "eligibility-response"):
        answer = named(case.envelope, extension.get("valueReference"), claim)
        given = [*_given(memory.statement("CoverageEligibilityResponse", answer))]
        if number and given and number not in {one.number for one in given}:
            yield Finding(
                "BV-00921",
                f"{place(claim)}.extension[{index}].value",
                "The eligibility answer has given another referral than the claim relies on",
                "Quote the number of the referral as the eligibility answer gives it",
            )
        if _is_another(case, claim, given):
            yield _another(claim, "BV-00922", "eligibility answer")


def of_authorization(case: Case) -> Iterator[Finding]:
    """BV-00923: the referral is that of the advanced authorization that is quoted."""
    claim, memory = case.envelope.focal, case.memory
    if claim is None or claim.type != "Claim" or memory is None:
        return
    given = [
        one
        for statement in _authorizations(case, claim, memory)
        if statement.event == "advanced-authorization"
        for one in _given(statement)
    ]
    if _is_another(case, claim, given):
        yield _another(claim, "BV-00923", "advanced authorization")


def _authorizations(case: Case, claim: Entry, memory: Memory) -> Iterator[Statement]:
    for _, extension in extensions_at(claim.resource, "priorauth-response"):
        answer = named(case.envelope, extension.get("valueReference"), claim)
        if (found := memory.statement("ClaimResponse", answer)) is not None:
            yield found
    for _, insurance in objects_at(claim.resource, "insurance"):
        for number in items_at(insurance, "preAuthRef"):
            yield from memory.authorizations.get(number, ()) if isinstance(number, str) else ()


def _given(statement: Statement | None) -> Iterator[_Given]:
    """Each referral of an answer: of an insurance in eligibility, of the whole in an authorization."""
    said = statement.message if statement else None
    if said is None or said.focal is None:
        return
    holders: list[Any] = [
        said.focal.resource,
        *(one for _, one in objects_at(said.focal.resource, "insurance")),
    ]
    for holder in holders:
        for _, response in extensions_at(holder, "referral-response"):
            numbers = (
                text_at(one, "valueString") for _, one in extensions_at(response, "referral-identifier")
            )
            details = (one.get("valueReference") for _, one in extensions_at(response, "referral-details"))
            yield _Given(next(numbers, None), named(said, next(details, None), said.focal))


def _is_another(case: Case, claim: Entry, given: list[_Given]) -> bool:
    """Whether the claim names a referral, the answers name some, and none of them is this."""
    referral = named(case.envelope, claim.resource.get("referral"), claim)
    known = {one.referral for one in given if one.referral}
    return bool(referral and known) and referral not in known


def _another(claim: Entry, code: str, title: str) -> Finding:
    return Finding(
        code,
        f"{place(claim)}.referral",
        f"The {title} has given another referral than the claim names",
        f"Name the referral that the {title} gives",
    )
