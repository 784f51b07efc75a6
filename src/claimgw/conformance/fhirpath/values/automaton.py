"""How is a regular expression run so that each character of the text is looked at once?

The states of a nondeterministic automaton are followed all at once; each set of them that is met becomes one
entry of a table, and a text that goes the same way again finds it there.
"""

from dataclasses import dataclass, field
from typing import assert_never

from claimgw.conformance.fhirpath.values.pattern import Choice, Edge, Letters, NotLinear, Part, Repeated, Row

# States of the automaton: `{1,1000}` inside `{1,1000}` would make a million.
_MOST_STATES = 10_000
# Sets of states kept in the table before it is begun anew.
_MOST_SETS = 2_000


@dataclass(slots=True)
class _State:
    """`letters` lead to `next` by one character; `free` ways need none, but the place `edge`, if any."""

    letters: Letters | None = None
    next: int = -1
    free: list[int] = field(default_factory=list)
    edge: Edge | None = None


class Automaton:
    """Tells whether a pattern is found in a text. Raises NotLinear if the pattern repeats too much."""

    def __init__(self, pattern: Part) -> None:
        self._states: list[_State] = []
        self._end = self._add(_State())
        self._begin = self._part(pattern, self._end)
        # What is met after one more character; True where the pattern was found before it.
        self._table: dict[tuple[frozenset[int], str], frozenset[int] | bool] = {}

    def found_in(self, text: str) -> bool:
        met: frozenset[int] = frozenset()
        closing = len(text) - 1 if text.endswith("\n") else -1
        for place, character in enumerate(text):
            found = None if place in (0, closing) else self._table.get((met, character))
            if found is None:
                found = self._learn(met, character, place, closing)
            if isinstance(found, bool):
                return True
            met = found
        edges = {Edge.END, Edge.VERY_END} if text else set(Edge)
        return self._end in self._reached(met, edges)

    def _learn(self, met: frozenset[int], character: str, place: int, closing: int) -> frozenset[int] | bool:
        edges = {Edge.START} if place == 0 else set()
        if place == closing:
            edges.add(Edge.END)
        here = self._reached(met, edges)
        found = self._end in here or self._step(here, character)
        if not edges:
            if len(self._table) >= _MOST_SETS:
                self._table.clear()
            self._table[met, character] = found
        return found

    def _step(self, here: set[int], character: str) -> frozenset[int]:
        states = (self._states[number] for number in here)
        return frozenset(one.next for one in states if one.letters is not None and one.letters.has(character))

    def _reached(self, met: frozenset[int], edges: set[Edge]) -> set[int]:
        reached, open_ = {*met, self._begin}, [*met, self._begin]
        while open_:
            one = self._states[open_.pop()]
            if one.edge is None or one.edge in edges:
                new = [number for number in one.free if number not in reached]
                reached.update(new)
                open_ += new
        return reached

    def _add(self, state: _State) -> int:
        if len(self._states) >= _MOST_STATES:
            raise NotLinear("The regular expression repeats too much")
        self._states.append(state)
        return len(self._states) - 1

    def _part(self, part: Part, next_: int) -> int:
        """The first state of what leads through a part to `next_`."""
        match part:
            case Letters():
                return self._add(_State(part, next_))
            case Edge():
                return self._add(_State(free=[next_], edge=part))
            case Choice():
                return self._add(_State(free=[self._part(way, next_) for way in part.ways]))
            case Row():
                for one in reversed(part.parts):
                    next_ = self._part(one, next_)
                return next_
            case Repeated():
                return self._repeated(part, next_)
            case _:
                assert_never(part)

    def _repeated(self, part: Repeated, next_: int) -> int:
        after = next_
        if part.most is None:
            loop = self._add(_State())
            self._states[loop].free = [self._part(part.part, loop), after]
            next_ = loop
        else:
            for _ in range(part.most - part.least):
                next_ = self._add(_State(free=[self._part(part.part, next_), after]))
        for _ in range(part.least):
            next_ = self._part(part.part, next_)
        return next_
