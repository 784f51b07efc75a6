"""By which names are parties and things known on the wire?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

DEFINITIONS = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/"
CODES = "http://nphies.sa/terminology/CodeSystem/"
VALUE_SETS = "http://nphies.sa/terminology/ValueSet/"
HOME = "http://nphies.sa"

# Longer than any identifier nphies allows (100 characters); a guard for columns, not a rule.
_LONGEST = 255


class LicenceKind(StrEnum):
    """Whose register a licence stands in. TPAs carry payer licences (spec §2.5)."""

    PROVIDER = "provider"
    PAYER = "payer"
    GATEWAY = "nphies"


LICENCE_SYSTEMS = {
    LicenceKind.PROVIDER: "http://nphies.sa/license/provider-license",
    LicenceKind.PAYER: "http://nphies.sa/license/payer-license",
    LicenceKind.GATEWAY: "http://nphies.sa/license/nphies",
}
_KINDS = {system: kind for kind, system in LICENCE_SYSTEMS.items()}


@dataclass(frozen=True, slots=True)
class Licence:
    """A party of the exchange, as `kind:value` in keys and as system and value on the wire."""

    kind: LicenceKind
    value: str

    @classmethod
    def parse(cls, key: str) -> Self:
        """From the key form, for example "provider:PR-1001". Raises ValueError."""
        kind, _, value = key.partition(":")
        if not value:
            raise ValueError(f"{key!r} is no licence; write provider:NUMBER or payer:NUMBER")
        return cls(LicenceKind(kind), value)

    @classmethod
    def of(cls, identifier: Any) -> Self | None:
        """From an Identifier on the wire; None if it is not one of a known licence system."""
        named = Identifier.of(identifier)
        kind = _KINDS.get(named.system) if named else None
        return cls(kind, named.value) if named and kind else None

    @property
    def system(self) -> str:
        return LICENCE_SYSTEMS[self.kind]

    def on_the_wire(self) -> dict[str, str]:
        """The FHIR Identifier."""
        return {"system": self.system, "value": self.value}

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


GATEWAY = Licence(LicenceKind.GATEWAY, "NPHIES")


@dataclass(frozen=True, slots=True)
class Identifier:
    """A business identifier: a system and a value, both given."""

    system: str
    value: str

    @classmethod
    def of(cls, identifier: Any) -> Self | None:
        """From an Identifier on the wire; None if a part is missing, is no text or cannot be kept."""
        if not isinstance(identifier, dict):
            return None
        system, value = _usable(identifier.get("system")), _usable(identifier.get("value"))
        return cls(system, value) if system and value else None

    @classmethod
    def first(cls, identifiers: Any) -> Self | None:
        """The first usable one of an element that is, or should be, a list of Identifiers."""
        candidates = identifiers if isinstance(identifiers, list) else [identifiers]
        return next(filter(None, map(cls.of, candidates)), None)

    def on_the_wire(self) -> dict[str, str]:
        """The FHIR Identifier."""
        return {"system": self.system, "value": self.value}


def _usable(text: Any) -> str | None:
    # Control characters: a NUL decodes from JSON and is refused by PostgreSQL, a line feed forges log lines.
    return text if isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isprintable() else None
