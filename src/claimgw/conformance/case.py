"""What is a rule given? One message, when it came, whose it is, what came before; and ways to read a tree."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from claimgw.conformance.memory import Memory
from claimgw.conformance.severity import Direction
from claimgw.conformance.validator.faults import Pointer
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import DEFINITIONS, Licence

# The guide says so; the rule BV-00373 said 100 (spec C-02).
MOST_IN_A_BATCH = 200


class Part(StrEnum):
    """How much of a batch is judged at once; a message that is none is always judged as a whole."""

    WHOLE = "whole"
    FRAME = "frame"  # the batch without what is in its messages: each is judged by itself
    MEMBER = "member"  # one message, as it stands in a batch


@dataclass(frozen=True, slots=True)
class Case:
    """What can be known without a profile.

    `now` is the time of receipt (aware). `served` are the insurers the receiver may adjudicate for, beside
    itself: those of a TPA (spec §2.5). `pointers` are all references, in the order of the text.
    `accepted` are the profiles that may be declared, by type; a type that is not there may declare anything.
    `memory` is what came before and who is registered; None: nobody looked, and no rule that needs it speaks.
    """

    envelope: Envelope
    now: datetime
    direction: Direction
    served: frozenset[Licence] = frozenset()
    pointers: Sequence[Pointer] = ()
    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    memory: Memory | None = None
    batch_size: int = MOST_IN_A_BATCH
    part: Part = Part.WHOLE

    @property
    def event(self) -> str:
        """The code of the event; "" if it cannot be told."""
        return self.envelope.event.code if self.envelope.event else ""

    @property
    def answers_with_failure(self) -> bool:
        """Whether the header says that no business answer could be built."""
        return (self.envelope.response or {}).get("code") in ("fatal-error", "transient-error")


Rule = Callable[[Case], Iterator[Finding]]


def object_at(value: Any, *keys: str) -> dict[str, Any] | None:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def text_at(value: Any, *keys: str) -> str | None:
    *way, last = keys
    holder = object_at(value, *way)
    found = holder.get(last) if holder else None
    return found if isinstance(found, str) and found else None


def items_at(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def objects_at(value: Any, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array, each with its index."""
    for index, item in enumerate(items_at(value, key)):
        if isinstance(item, dict):
            yield index, item


def absent(value: Any, key: str) -> bool:
    """Whether an object lacks the element; an empty array counts as none, another form is another fault."""
    return isinstance(value, dict) and (key not in value or value[key] == [])


def codes_at(value: Any, *keys: str) -> list[tuple[str | None, str | None]]:
    """System and code of each coding of a CodeableConcept."""
    codings = objects_at(object_at(value, *keys), "coding")
    return [(text_at(coding, "system"), text_at(coding, "code")) for _, coding in codings]


def extensions_at(value: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The nphies extensions of that name (`newborn`), each with its index."""
    url = f"{DEFINITIONS}extension-{name}"
    for index, extension in objects_at(value, "extension"):
        if extension.get("url") == url:
            yield index, extension


def place(entry: Entry) -> str:
    """The entry's place in the findings of business rules."""
    return "b" + entry.path[1:]
