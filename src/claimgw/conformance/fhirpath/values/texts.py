"""What do the string functions give? Each takes the string first; an operand of another kind makes empty."""

from collections.abc import Sequence
from typing import Any

# A text may be megabytes; what would be larger than this after replacing or joining is empty.
_LONGEST = 50_000_000


def length(text: Any) -> int | None:
    return len(text) if type(text) is str else None


def starts_with(text: Any, prefix: Any) -> bool | None:
    return text.startswith(prefix) if type(text) is str and type(prefix) is str else None


def ends_with(text: Any, suffix: Any) -> bool | None:
    return text.endswith(suffix) if type(text) is str and type(suffix) is str else None


def contains(text: Any, part: Any) -> bool | None:
    return part in text if type(text) is str and type(part) is str else None


def index_of(text: Any, part: Any) -> int | None:
    return text.find(part) if type(text) is str and type(part) is str else None


def last_index_of(text: Any, part: Any) -> int | None:
    return text.rfind(part) if type(text) is str and type(part) is str else None


def substring(text: Any, start: Any, count: Any = _LONGEST) -> str | None:
    if type(text) is not str or type(start) is not int or type(count) is not int:
        return None
    return text[start : start + max(count, 0)] if 0 <= start < len(text) else None


def upper(text: Any) -> str | None:
    return text.upper() if type(text) is str else None


def lower(text: Any) -> str | None:
    return text.lower() if type(text) is str else None


def trim(text: Any) -> str | None:
    return text.strip() if type(text) is str else None


def replace(text: Any, part: Any, by: Any) -> str | None:
    if type(text) is not str or type(part) is not str or type(by) is not str:
        return None
    return text.replace(part, by) if (text.count(part) + 1) * len(by) < _LONGEST else None


def split(text: Any, separator: Any) -> list[str]:
    if type(text) is not str or type(separator) is not str:
        return []
    return text.split(separator) if separator else list(text)


def characters(text: Any) -> list[str]:
    return list(text) if type(text) is str else []


def join(texts: Sequence[Any], separator: Any = "") -> str | None:
    known = [text for text in texts if type(text) is str]
    if not known or type(separator) is not str or len(known) * len(separator) > _LONGEST:
        return None
    return separator.join(known)


def joined(left: Any, right: Any) -> str:
    """`&`: an empty operand is an empty string."""
    return (left if type(left) is str else "") + (right if type(right) is str else "")
