"""How many faults did a walk meet? The first ones are kept with their places, the others counted by sort."""

import re
from typing import TypeAlias

from claimgw.conformance.compiler.schema import Code
from claimgw.conformance.validator.faults import Fault, Home, Kind
from claimgw.messages.decode import COUNTED

_INDEX = re.compile(r"\[[0-9]+\]")
# Kind, type, element, rule, code and profile: faults of one sort have one code.
_Sort: TypeAlias = tuple[int, str, str, str, int, str]


class Full(Exception):
    """As many faults as are counted: the walk is over, nothing went wrong."""


class Record:
    """`found` are the first `most` faults, in the order they were met; `met` counts all of them."""

    def __init__(self, most: int) -> None:
        self.found: list[Fault] = []
        self.met = 0
        self._most = most
        self._counts: dict[_Sort, int] = {}
        self._others: dict[_Sort, Fault] = {}

    @property
    def complete(self) -> bool:
        """Whether every fault was counted."""
        return self.met <= COUNTED

    @property
    def more(self) -> list[tuple[Fault, int]]:
        """How many others there are of each sort, placed at the resource of the first of them."""
        return [(self._others[key], count) for key, count in self._counts.items()]

    def add(
        self,
        kind: Kind,
        home: Home,
        place: str,
        *,
        rule: str = "",
        code: Code | None = None,
        source: str = "",
        companion: str = "",
    ) -> None:
        """Raises Full when no more are counted."""
        self.met += 1
        if self.met <= self._most:
            element = home.type + _INDEX.sub("", place[len(home.path) :])
            self.found.append(Fault(kind, element, place, rule, code, source, companion))
            return
        if self.met > COUNTED:
            raise Full
        # What decides on the code of each is told apart, and nothing else.
        tail = _INDEX.sub("", place[len(home.path) :]) if code is None and kind is not Kind.UNKNOWN else ""
        key = (id(kind), home.type, tail, rule, id(code), source)
        count = self._counts.get(key, 0)
        if not count:
            self._others[key] = Fault(kind, home.type + tail, home.path, rule, code, source)
        self._counts[key] = count + 1
