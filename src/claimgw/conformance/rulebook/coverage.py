"""How much of nphies' rule list is judged here, and why is the rest not?

Derived from the definitions, the tables of codes and the rules themselves; nothing is declared twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from claimgw.conformance.codes import Generic, generic
from claimgw.conformance.rulebook.by_gateway import BY_GATEWAY
from claimgw.conformance.rulebook.catalogue import Listed, Scope, Status, listed
from claimgw.conformance.rulebook.covered import COVERED
from claimgw.conformance.rulebook.not_applicable import NOT_APPLICABLE, NOT_OFFERED
from claimgw.conformance.rulebook.placements import Placement, placements
from claimgw.conformance.rulebook.programs import Program, programs
from claimgw.conformance.validator.schemas import WRITTEN, Schemas

ELSEWHERE = "is judged before or behind the checks: by the door, the delivery, the store"


class State(StrEnum):
    """What becomes of a rule. The first five are judged."""

    PROFILE = "profile"  # by a definition, or by base FHIR with a code of its own
    RULE = "rule"  # by a function in Python
    COVERED = "covered"  # another code is given for the same fault
    GATEWAY = "gateway"  # by what is done with a message, beside the checks
    OPEN_LIST = "open-list"  # by a definition, as far as the codes of the list are known
    NOT_APPLICABLE = "not-applicable"
    MISSING = "missing"
    DEACTIVATED = "deactivated"


IMPLEMENTED = frozenset({State.PROFILE, State.RULE, State.COVERED, State.GATEWAY})
# What a rule needs that is to be decidable from one message.
DECIDABLE = frozenset({Scope.RESOURCE, Scope.BUNDLE, Scope.TERMINOLOGY})
_BEYOND = frozenset({Scope.HISTORY, Scope.REGISTRY})


@dataclass(frozen=True, slots=True)
class Rule:
    """One code of the list and what is known of it here. `reason` is "" where the state says all."""

    listed: Listed
    state: State
    reason: str
    placements: tuple[Placement, ...]
    generic: Generic | None
    program: Program | None

    @property
    def counts(self) -> bool:
        """Whether it is one of those that could be judged from one message: active, its codes all known."""
        return (
            self.listed.status is Status.ACTIVE
            and self.listed.scope in DECIDABLE
            and self.state not in (State.OPEN_LIST, State.NOT_APPLICABLE)
        )

    @property
    def counts_beyond(self) -> bool:
        """Whether it needs what came before, or a registry, and binds an event that is offered."""
        return (
            self.listed.status is Status.ACTIVE
            and self.listed.scope in _BEYOND
            and self.reason != NOT_OFFERED
        )


def coverage(schemas: Schemas) -> Mapping[str, Rule]:
    """Every code of the list, in order."""
    placed = placements(schemas.definitions, schemas.terminology)
    return {
        code: _rule(one, placed.get(code, ()), generic(code), programs().get(code))
        for code, one in listed().items()
    }


def implemented(rules: Mapping[str, Rule]) -> tuple[int, int]:
    """How many of the rules that can be judged from one message are, and how many those are in all."""
    counted = [rule for rule in rules.values() if rule.counts]
    return sum(rule.state in IMPLEMENTED for rule in counted), len(counted)


def implemented_beyond(rules: Mapping[str, Rule]) -> tuple[int, int]:
    """How many of the rules of history and registry are judged, and how many bind the events on offer."""
    counted = [rule for rule in rules.values() if rule.counts_beyond]
    return sum(rule.state in IMPLEMENTED for rule in counted), len(counted)


def _rule(one: Listed, places: tuple[Placement, ...], broad: Generic | None, program: Program | None) -> Rule:
    state, reason = _state(one, places, broad, program)
    return Rule(one, state, reason, places, broad, program)


def _state(
    one: Listed, places: tuple[Placement, ...], broad: Generic | None, program: Program | None
) -> tuple[State, str]:
    match one.status:
        case Status.DEACTIVATED:
            return State.DEACTIVATED, "is no longer in use"
        case Status.ANNOUNCED:
            return State.NOT_APPLICABLE, "is announced, and not yet in use"
        case Status.ACTIVE:
            pass
        case unknown:
            assert_never(unknown)
    if program is not None:
        return State.RULE, ""
    if one.code in WRITTEN:
        return State.COVERED, "a rule in Python stands for the constraint, and gives another code"
    return _placed(places, broad) or _unjudged(one)


def _placed(places: tuple[Placement, ...], broad: Generic | None) -> tuple[State, str] | None:
    """By what the definitions say; None if they say nothing."""
    given = [place for place in places if not place.stated]
    open_list = next((place.value_set for place in given if not place.whole), "")
    if open_list:
        return State.OPEN_LIST, f"not all codes of {open_list} are known here"
    if broad is not None or any(not place.idle for place in given):
        return State.PROFILE, ""
    if given:
        return State.NOT_APPLICABLE, f"cannot be broken: {given[0].idle}"
    return (State.COVERED, f"{places[0].stated} is given, for the same rule") if places else None


def _unjudged(one: Listed) -> tuple[State, str]:
    if one.code in COVERED:
        given_instead, why = COVERED[one.code]
        return State.COVERED, f"{given_instead} is given: {why}"
    if one.code in NOT_APPLICABLE:
        return State.NOT_APPLICABLE, NOT_APPLICABLE[one.code]
    if one.code in BY_GATEWAY:
        return State.GATEWAY, BY_GATEWAY[one.code]
    if one.scope is Scope.TRANSPORT:
        return State.NOT_APPLICABLE, ELSEWHERE
    return State.MISSING, "is not judged yet"
