"""Is it told truly which rules of the list are judged, and are they seen to find what is wrong?"""

import re
from functools import cache
from pathlib import Path

from claimgw.conformance.rulebook.by_gateway import BY_GATEWAY
from claimgw.conformance.rulebook.catalogue import Scope, Status, listed
from claimgw.conformance.rulebook.coverage import IMPLEMENTED, Rule, State, coverage, implemented
from claimgw.conformance.rulebook.covered import COVERED
from claimgw.conformance.rulebook.not_applicable import NOT_APPLICABLE
from claimgw.conformance.rulebook.placements import placements
from claimgw.conformance.rulebook.programs import programs
from claimgw.conformance.rulebook.sentences import sentence
from claimgw.conformance.rulebook.spoilt import spoilt_examples
from claimgw.conformance.texts import english
from claimgw.conformance.validator.schemas import standard

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
# Of the rules that can be judged from one message. The issue wants 95 in 100; it may only rise.
_LEAST = 0.99
# Rules that are judged, and no written fault shows it.
_UNSEEN = {
    "BV-00076": "takes 10 MB; tests/endpoint/test_errors.py commits it",
    "BV-00126": "such a message is refused before it is a message",
    "BV-00746": "the list of diagnoses that need a morphology is not ours to ship",
    "BV-00809": "the list of diagnoses that need a morphology is not ours to ship",
    "DT-01275": "every length that is shipped has a code of its own",
    "DT-01282": "no profile that is shipped has slices in an order",
    "IC-00239": "any number of extensions is right at a primitive",
    "IC-01601": "any number of notes is right",
}


_FIND = (State.PROFILE, State.RULE, State.OPEN_LIST)


@cache
def _rules() -> dict[str, Rule]:
    return dict(coverage(standard()))


@cache
def _placed() -> frozenset[str]:
    schemas = standard()
    return frozenset(placements(schemas.definitions, schemas.terminology))


def test_every_code_that_is_given_is_in_use() -> None:
    given = {*_placed(), *programs(), *COVERED, *(code for code, _ in COVERED.values())}
    given |= {*NOT_APPLICABLE, *english().codes, *english().hints}
    used = {code for code, one in listed().items() if one.status is Status.ACTIVE}
    assert given - used == set()


def test_a_code_that_is_left_out_is_given_by_nothing() -> None:
    left_out = [COVERED.keys(), NOT_APPLICABLE.keys(), BY_GATEWAY.keys()]
    assert set().union(*left_out) & (programs().keys() | _placed()) == set()
    assert len(set().union(*left_out)) == sum(map(len, left_out))


def test_what_is_given_instead_is_judged() -> None:
    instead = {code for code, _ in COVERED.values()}
    assert {code for code in instead if _rules()[code].state not in IMPLEMENTED} == set()


def test_rules_that_one_message_can_break_are_judged() -> None:
    done, all_ = implemented(_rules())
    assert done / all_ >= _LEAST


def test_every_rule_that_is_not_judged_has_its_reason() -> None:
    for code, rule in _rules().items():
        assert bool(rule.reason) is (rule.state not in (State.PROFILE, State.RULE)), code


def test_a_rule_needs_what_its_scope_says() -> None:
    states = {rule.listed.scope: set[State]() for rule in _rules().values()}
    for rule in _rules().values():
        states[rule.listed.scope].add(rule.state)
    for scope in (Scope.HISTORY, Scope.REGISTRY):
        assert states[scope] <= {State.RULE, State.COVERED, State.GATEWAY, State.NOT_APPLICABLE}
    assert states[None] == {State.DEACTIVATED}


def test_what_the_gateway_itself_keeps_is_named_where_it_does_so() -> None:
    rooms = [ROOT / "src" / "claimgw" / room for room in ("access", "clearinghouse", "endpoint")]
    source = "".join(file.read_text("utf-8") for room in rooms for file in room.rglob("*.py"))
    assert {code for code in BY_GATEWAY if f'"{code}"' not in source and f"{code}:" not in source} == set()


def test_every_rule_in_use_is_said_in_a_sentence() -> None:
    in_use = [rule for rule in _rules().values() if rule.state is not State.DEACTIVATED]
    assert [rule.listed.code for rule in in_use if not sentence(rule).endswith(".")] == []


def test_every_constraint_has_a_hint_of_its_own() -> None:
    constraints = {
        code
        for code, rule in _rules().items()
        for place in rule.placements
        if place.kind == "constraint" and not place.stated
    }
    assert constraints - english().hints.keys() - english().codes.keys() == set()


def test_hints_that_name_the_codes_of_a_list_name_all_of_them() -> None:
    terminology = standard().terminology
    for code, hint in english().hints.items():
        listed_ = hint.removeprefix("Use one of ")
        if listed_ != hint:
            bound = {place.value_set for place in _rules()[code].placements}
            assert [set(listed_.split(", "))] == [set(terminology.value_set(one).codes) for one in bound]


def test_hints_that_name_a_length_name_that_of_the_profiles() -> None:
    for code, hint in english().hints.items():
        if hint.startswith("Shorten it to "):
            lengths = {(one.longest, one.longest_arabic) for one in _rules()[code].placements}
            assert [tuple(map(int, re.findall("[0-9]+", hint)))] == [
                tuple(filter(None, one)) for one in lengths
            ]


def test_every_rule_that_is_judged_is_seen_to_find_a_written_fault() -> None:
    judged = {code for code, rule in _rules().items() if rule.state in _FIND}
    seen = {one.example.code for one in spoilt_examples(EXAMPLES)}
    assert seen <= judged
    assert judged - seen <= _UNSEEN.keys()


def test_what_no_message_can_break_does_not_count_as_judged() -> None:
    reasons = {
        "IB-00035": "no list",  # Claim.meta.security
        "RE-00133": "any resource",  # the focus of a task
        "RE-00003": "no reference",  # a diagnosis
        "DT-00168": "each type",  # when an item was given
    }
    for code, words in reasons.items():
        assert _rules()[code].state is State.NOT_APPLICABLE
        assert words in _rules()[code].reason
        assert not _rules()[code].counts
