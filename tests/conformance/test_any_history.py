"""Do the rules of history and registry find, and never fail, whatever came before or comes now?"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance.case import Case
from claimgw.conformance.history.judged import RELATED, REMEMBERED
from claimgw.conformance.history.remembered import remember
from claimgw.conformance.memory import Memory
from claimgw.conformance.rulebook.catalogue import Scope, listed
from claimgw.conformance.rulebook.spoilt import Change, Spoilt, patched, spoilt_examples
from claimgw.conformance.severity import direction_of
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
WRITTEN = [
    one for one in spoilt_examples(Path(__file__).parents[2] / "examples") if one.example.before is not None
]
# What may stand where something else ought to.
_JUNK: list[Any] = [None, True, 0, -1, 10**30, "", "x", "Claim/1", [], [[]], [{}], {}, {"identifier": {}}]
_EACH = 6


def _envelope(tree: dict[str, Any]) -> Envelope:
    envelope = read(encode(tree))
    assert isinstance(envelope, Envelope)
    return envelope


def _found(envelope: Envelope, memory: Memory | None) -> list[Finding]:
    case = Case(envelope, NOW, direction_of(envelope.event), memory=memory)
    return [one for rule in (*RELATED, *REMEMBERED) for one in rule(case)]


def _places(value: Any, place: str = "") -> Iterator[str]:
    """Everything within an entry's resource, as JSON Pointers; the frame of a message is another test's."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        here = f"{place}/{str(step).replace('~', '~0').replace('/', '~1')}"
        if here.count("/") > 3 and not here.endswith("/resourceType"):
            yield here
        yield from _places(item, here)


def _with_junk(tree: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    changed = tree
    for _ in range(3):
        places = [*_places({"entry": changed["entry"]})]
        changed = patched(changed, [Change("replace", chance.choice(places), chance.choice(_JUNK))])
    return changed


@pytest.mark.parametrize("one", WRITTEN, ids=lambda one: f"{one.example.code}-{one.example.what[:40]}")
def test_junk_in_a_message_or_in_what_came_before_is_judged(one: Spoilt) -> None:
    chance = random.Random(one.example.code)
    for _ in range(_EACH):
        before = [_envelope(_with_junk(tree, chance)) for tree in (*one.before, *one.meanwhile)]
        for tree in (one.spoilt, _with_junk(one.spoilt, chance)):
            envelope = _envelope(tree)
            _found(envelope, remember(before, envelope))


@pytest.mark.parametrize("one", WRITTEN, ids=lambda one: f"{one.example.code}-{one.example.what[:40]}")
def test_what_may_be_older_than_the_record_is_never_refused_for_being_unknown(one: Spoilt) -> None:
    envelope = _envelope(one.spoilt)
    empty = remember([], envelope, since=date(2040, 1, 1))
    found = _found(envelope, empty)
    refused = [finding.code for finding in found if finding.severity is Severity.ERROR]
    assert [code for code in refused if listed()[code].scope is Scope.HISTORY] == []
