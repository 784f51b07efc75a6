"""Does each written fault give its finding, the sound message none, and neither what a patient is called?"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance import check
from claimgw.conformance.memory import Memory
from claimgw.conformance.rulebook.spoilt import Change, Spoilt, patched, spoilt_examples
from claimgw.conformance.severity import direction_of
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read

SPOILT = spoilt_examples(Path(__file__).parents[2] / "examples")
SOUND = {one.example.message: one.sound for one in SPOILT if not one.example.given}


def _found(tree: dict[str, Any], received: str | None, memory: Memory | None = None) -> set[tuple[str, str]]:
    envelope = read(encode(tree))
    assert isinstance(envelope, Envelope)
    now = datetime.fromisoformat(received or tree["timestamp"])
    found = check(envelope, now, direction=direction_of(envelope.event), all_stages=True, memory=memory)
    told = " ".join(f"{one.path} {one.text} {one.hint} {one.source}" for one in found)
    assert [word for word in _personal(envelope) if word in told] == []
    return {(one.code, one.path) for one in found} | {pair for one in found for pair in one.companions}


def _personal(envelope: Envelope) -> set[str]:
    """Whatever is said of a patient in names, numbers, days and addresses."""
    return {
        word
        for entry in envelope.entries
        if entry.type == "Patient"
        for key in ("name", "identifier", "birthDate", "telecom", "address")
        for word in _words(entry.resource.get(key))
        if len(word) > 3
    }


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if key not in ("system", "use", "type"):
                yield from _words(inner)


@cache
def _found_in_sound(message: str) -> frozenset[tuple[str, str]]:
    return frozenset(_found(SOUND[message], None))


@pytest.mark.parametrize("one", SPOILT, ids=lambda one: f"{one.example.code}-{one.example.what[:40]}")
def test_a_spoilt_example_gives_its_finding_at_one_place_and_the_sound_one_gives_none(one: Spoilt) -> None:
    example = one.example
    alone = not example.given and example.before is None
    assert not (
        _found_in_sound(example.message) if alone else _found(one.sound, None, one.memory(of_spoilt=False))
    )
    found = _found(one.spoilt, example.received, one.memory(of_spoilt=True))
    places = {path for code, path in found if code == example.code}
    assert places == {example.expression}


def test_a_patch_adds_replaces_removes_and_leaves_the_message_itself_alone() -> None:
    tree = {"a": [1, {"b/c": 2}]}
    changes = [
        Change("add", "/a/0", 0),
        Change("add", "/a/-", 9),
        Change("replace", "/a/2/b~1c", 3),
        Change("remove", "/a/1"),
    ]
    assert patched(tree, changes) == {"a": [0, {"b/c": 3}, 9]}
    assert tree == {"a": [1, {"b/c": 2}]}


@pytest.mark.parametrize("change", [Change("replace", "/b"), Change("remove", "/a/1"), Change("test", "/a")])
def test_a_patch_that_leads_nowhere_is_refused(change: Change) -> None:
    with pytest.raises(ValueError):
        patched({"a": []}, [change])
