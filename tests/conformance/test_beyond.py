"""Are the rules that need what came before, or a register, judged, and does each other one say why not?"""

import pytest

from claimgw.conformance.rulebook.catalogue import Scope, Status
from claimgw.conformance.rulebook.coverage import IMPLEMENTED, State, coverage, implemented_beyond
from claimgw.conformance.validator.schemas import standard

_ALL = coverage(standard())
_RULES = [rule for rule in _ALL.values() if rule.listed.status is Status.ACTIVE]
_BEYOND = [Scope.HISTORY, Scope.REGISTRY]


def test_nine_in_ten_of_the_rules_beyond_one_message_are_judged() -> None:
    judged, active = implemented_beyond(_ALL)
    assert active > 140
    assert judged >= 0.9 * active


@pytest.mark.parametrize("scope", _BEYOND)
def test_none_of_them_is_forgotten_and_each_that_is_not_judged_says_why(scope: Scope) -> None:
    left = [rule for rule in _RULES if rule.listed.scope is scope and rule.state not in IMPLEMENTED]
    assert {rule.state for rule in left} <= {State.NOT_APPLICABLE}
    assert all(rule.reason for rule in left)
