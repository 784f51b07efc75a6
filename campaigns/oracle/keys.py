"""Which constraints of our profiles can both be asked? Read from the files, not from what we compile."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from campaigns.oracle.fetch import PROFILES

_TIME = re.compile(r"\b(now|today)\(\)")
_EVERYWHERE = "http://claimgw.org/fhir/StructureDefinition/applies-everywhere"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of constraints: both can be `asked`; of the others the validator is not heard, or does not speak.

    `timed` ask what time it is, which the validator cannot be told. Those that hold wherever their type
    stands are asked by us alone: an ImplementationGuide says that of resources only, and the validator
    heeds it for the message, not for what is in it.
    """

    asked: frozenset[str]
    timed: frozenset[str]


def keys() -> Keys:
    """Those of 1.0.0, without those of R4 itself."""
    held = [
        (definition, constraint) for definition in _definitions() for constraint in _constraints(definition)
    ]
    timed = frozenset(one["key"] for _, one in held if _TIME.search(one["expression"]))
    asked = frozenset(one["key"] for definition, one in held if not _everywhere(definition))
    return Keys(asked - timed, timed)


def _definitions() -> Iterator[dict[str, Any]]:
    for file in (PROFILES / "nphies-fs" / "1.0.0").glob("StructureDefinition-*.json"):
        yield json.loads(file.read_text(encoding="utf-8"))


def _constraints(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for element in definition["differential"]["element"]:
        yield from element.get("constraint", ())


def _everywhere(definition: dict[str, Any]) -> bool:
    urls = {extension["url"] for extension in definition.get("extension", ())}
    return definition["type"] != "Bundle" and _EVERYWHERE in urls
