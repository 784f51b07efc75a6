"""How are parts of somebody else's message read, which may be missing or of another shape?"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from claimgw.messages.identifiers import DEFINITIONS


def part(value: Any, *keys: str) -> Any:
    """What stands under those keys, one inside the other; None if nothing does."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, if it is one."""
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def coded(concept: Any, system: str | None = None) -> Iterator[tuple[str, str]]:
    """Code and display of each coding of a CodeableConcept, of that system if one is given."""
    for coding in objects(part(concept, "coding")):
        code = coding.get("code")
        if isinstance(code, str) and system in (None, coding.get("system")):
            yield code, text(coding.get("display")) or ""


def code(concept: Any) -> str | None:
    """The first code of a CodeableConcept."""
    return next((code for code, _ in coded(concept)), None)


def extension(element: Any, name: str) -> dict[str, Any]:
    """The guide's extension of that name on an element; empty if it has none."""
    wanted = DEFINITIONS + name
    return next((row for row in objects(part(element, "extension")) if row.get("url") == wanted), {})


def amount(money: Any) -> Decimal | None:
    """The value of a Money."""
    value = part(money, "value")
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def day(value: Any) -> date | None:
    """The day of a FHIR date or dateTime that names one."""
    try:
        return date.fromisoformat((text(value) or "")[:10])
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """A FHIR dateTime with its zone; None for one that only names a day."""
    try:
        at = datetime.fromisoformat(text(value) or "")
    except ValueError:
        return None
    return at if at.tzinfo else None
