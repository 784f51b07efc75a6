"""Which rules wait for the next issue, because one message cannot tell? Those of history and of registry."""

import pytest

from claimgw.conformance.rulebook.catalogue import Scope, Status
from claimgw.conformance.rulebook.coverage import IMPLEMENTED, coverage
from claimgw.conformance.validator.schemas import standard

_RULES = [rule for rule in coverage(standard()).values() if rule.listed.status is Status.ACTIVE]
_BEYOND = [Scope.HISTORY, Scope.REGISTRY]


@pytest.mark.parametrize("scope", _BEYOND)
@pytest.mark.xfail(strict=True, reason="issue 4: rules that need what came before, or a registry")
def test_rules_beyond_one_message_are_judged(scope: Scope) -> None:
    waiting = [r.listed.code for r in _RULES if r.listed.scope is scope and r.state not in IMPLEMENTED]
    assert waiting == []


@pytest.mark.parametrize("scope", _BEYOND)
def test_until_then_each_of_them_says_what_it_needs(scope: Scope) -> None:
    waiting = [r for r in _RULES if r.listed.scope is scope and r.state not in IMPLEMENTED]
    assert len(waiting) > 20
    assert all(r.reason.startswith("needs ") for r in waiting)
