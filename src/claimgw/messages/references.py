"""Where does a reference lead inside a Bundle? The rule of FHIR R4 (Bundle, "Resolving references")."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

# A REST address: its base, then type and id (R4, References §2.3.0.2), with a version or without.
_REST = re.compile(r"(?P<base>https?://.+?/)(?P<tail>[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/.+)?")
# The longest URL nphies allows (spec §2.6).
_LONGEST = 255
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


def is_url(text: str) -> bool:
    """Whether it is an address of some place: a scheme and an authority."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def is_relative(reference: str) -> bool:
    return _RELATIVE.fullmatch(reference) is not None


def absolute(reference: str, standing_in: str | None) -> str | None:
    """The address meant by a reference found in the entry with that fullUrl; None if it cannot be told."""
    if not is_relative(reference):
        return reference
    # A fullUrl may be megabytes of junk, and be asked for by every relative reference of its entry.
    home = _REST.fullmatch(standing_in) if standing_in and len(standing_in) <= _LONGEST else None
    return home["base"] + reference if home else None


def resolve(reference: str, standing_in: str | None, by_url: Mapping[str, T]) -> T | None:
    """The entry with that address, first to the letter, then by letters of either case.

    Case: of the messages real servers accepted, some refer to their fullUrls in other letters only.
    """
    address = absolute(reference, standing_in)
    if address is None:
        return None
    return by_url.get(address) or by_url.get(address.casefold())


def index(entries: Iterable[T], full_url: Callable[[T], str | None]) -> Mapping[str, T]:
    """Entries by their fullUrl; to the letter first, then folded where no other has that very address."""
    by_url: dict[str, T] = {}
    addressed = [(url, entry) for entry in entries if (url := full_url(entry)) is not None]
    for url, entry in addressed:
        by_url.setdefault(url, entry)
    for url, entry in addressed:
        by_url.setdefault(url.casefold(), entry)
    return MappingProxyType(by_url)
