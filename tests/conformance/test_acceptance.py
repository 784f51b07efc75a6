"""Does the quick look change how long a verdict takes, and nothing else?"""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from campaigns import junk
from campaigns.mutants import SEED
from campaigns.mutator import mutants
from campaigns.samples import samples
from campaigns.spec import is_there, spec
from claimgw.conformance.case import Case
from claimgw.conformance.compiler.schema import Element, Structure
from claimgw.conformance.severity import Direction
from claimgw.conformance.validator.accept import Acceptance, Item
from claimgw.conformance.validator.constraints import broken
from claimgw.conformance.validator.gather import Gathers
from claimgw.conformance.validator.schemas import standard
from claimgw.conformance.validator.walk import Walk
from claimgw.messages.envelope import Envelope, read
from tests.conformance.planned import planned
from tests.conformance.real_messages import FOLDER, needed

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


class _Nothing(Acceptance):
    """Accepts nothing: the walk looks at every value."""

    def __init__(self) -> None:
        super().__init__(standard().structure, standard().member_of)

    def resource(self, shape: Structure) -> Gathers:
        return lambda *_: False

    def of(self, shape: Structure) -> dict[str, Any]:
        return {}

    def item(self, element: Element) -> Item:
        return Item(None, ())


@cache
def _closely() -> Acceptance:
    return _Nothing()


def _judged(envelope: Envelope, acceptance: Acceptance | None) -> tuple[Any, ...]:
    walk = Walk(envelope.bundle, standard(), 1000, acceptance)
    case = Case(envelope, NOW, Direction.REQUEST, frozenset(), walk.pointers)
    breaches = [(one.constraint.key, one.place) for one in broken(walk.pending, case, standard())]
    return walk.record.found, breaches, walk.pointers


def _alike(raws: Iterable[bytes]) -> int:
    count = 0
    for raw in raws:
        envelope = read(raw)
        if isinstance(envelope, Envelope):
            count += 1
            assert _judged(envelope, None) == _judged(envelope, _closely()), raw[:200]
    return count


def _junk(count: int) -> Iterator[bytes]:
    chance = random.Random(7)
    valid = [sample.bundle for sample in samples().values()]
    for _ in range(count):
        yield junk.message(valid, chance)


def test_examples_are_judged_alike_with_the_quick_look_and_without() -> None:
    files = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))
    assert _alike(file.read_bytes() for file in files) == len(files)


@needed
def test_real_messages_are_judged_alike_with_the_quick_look_and_without() -> None:
    assert _alike(file.read_bytes() for file in sorted(FOLDER.rglob("*.json"))) > 100


@pytest.mark.skipif(not is_there(), reason="the spec files are not beside the repository")
def test_mutants_are_judged_alike_with_the_quick_look_and_without() -> None:
    assert _alike(one.raw for one in mutants(planned(), spec(), SEED, 0.015)) > 200


def test_any_json_is_judged_alike_with_the_quick_look_and_without() -> None:
    assert _alike(_junk(150)) > 50
