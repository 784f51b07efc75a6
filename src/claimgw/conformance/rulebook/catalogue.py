"""Which rules does nphies list, in use or not?

Read from `profiles/nphies-fs/rules`, apart from the packages: no verdict needs it, so no start-up reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import msgspec

from claimgw.conformance.definitions import profiles_folder

_FILE = "nphies-fs/rules/CodeSystem-rules.json"


class Status(StrEnum):
    ACTIVE = "active"
    ANNOUNCED = "announced"
    DEACTIVATED = "deactivated"


class Scope(StrEnum):
    """What is needed to judge a rule."""

    RESOURCE = "resource"
    BUNDLE = "bundle"  # and the time of receipt
    TERMINOLOGY = "terminology"
    HISTORY = "history"
    REGISTRY = "registry"
    TRANSPORT = "transport"


@dataclass(frozen=True, slots=True)
class Listed:
    """One code of the list. `element` as the list writes it; `text` is "" where profiles or code say it."""

    code: str
    status: Status
    scope: Scope | None  # None: deactivated
    element: str
    text: str

    @property
    def family(self) -> str:
        """`BV`; of the few codes that are named otherwise, `other`."""
        letters, dash, number = self.code.partition("-")
        return letters if dash and number.isdigit() else "other"


class _Property(msgspec.Struct):
    code: str
    valueCode: str = ""
    valueString: str = ""


class _Concept(msgspec.Struct):
    code: str
    property: list[_Property]
    display: str = ""


class _List(msgspec.Struct):
    concept: list[_Concept]


@cache
def listed() -> Mapping[str, Listed]:
    """All codes, in order."""
    read = msgspec.json.decode((profiles_folder() / _FILE).read_bytes(), type=_List)
    return {concept.code: _listed(concept) for concept in read.concept}


def _listed(concept: _Concept) -> Listed:
    given = {one.code: one.valueCode or one.valueString for one in concept.property}
    return Listed(
        code=concept.code,
        status=Status(given["status"]),
        scope=Scope(given["scope"]) if "scope" in given else None,
        element=given.get("element", ""),
        text=concept.display,
    )
