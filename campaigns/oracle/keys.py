"""Which constraints do our profiles hold? Read from the files, not from what we compile of them."""

import json

from campaigns.oracle.fetch import PROFILES


def keys() -> frozenset[str]:
    """The keys of all constraints of the set that messages are judged by, but those of R4 itself."""
    return frozenset(
        constraint["key"]
        for file in (PROFILES / "nphies-fs" / "1.0.0").glob("StructureDefinition-*.json")
        for element in json.loads(file.read_text(encoding="utf-8"))["differential"]["element"]
        for constraint in element.get("constraint", ())
    )
