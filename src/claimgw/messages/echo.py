"""Which parts of a request stand again in the gateway's answer to it, and under which addresses?"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from claimgw.ids import derived_id
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import entry as framed
from claimgw.messages.identifiers import Identifier

USABLE_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_GROUPS = {"Patient": 0, "Organization": 1}
_CHOICE = re.compile("[A-Z].*")
_SYSTEM = re.compile(r"\S{1,255}")
_LONGEST_VALUE = 100  # BV-00275
# Of a member of a batch, structural places count from the outer Bundle (spec §0.3 item 8).
_PLACE = re.compile(
    r"(?:bundle\.entry\[\d+\]\.resource\.entry|bundle\.entry)\[(\d+)\](?:\.resource\.([\w.\[\]]+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Faulty:
    """What of a request may not be repeated: entries, by index, and elements of its focal resource.

    `places` are where in the focal resource, as findings write it: "extension[2].value".
    """

    entries: frozenset[int] = frozenset()
    elements: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    @classmethod
    def of(cls, request: Envelope, findings: Iterable[Finding]) -> Self:
        places = [place for finding in findings if (place := _PLACE.match(finding.path))]
        focal = request.focal.index if request.focal else None
        within = frozenset(place[2] for place in places if place[2] and int(place[1]) == focal)
        return cls(
            frozenset(int(place[1]) for place in places),
            frozenset(re.split(r"[.\[]", place)[0] for place in within),
            within,
        )

    def touches(self, place: str) -> bool:
        """Whether something is wrong at that place of the focal resource, or within it."""
        return any(one == place or one.startswith((place + ".", place + "[")) for one in self.places)

    def sound(self, resource: dict[str, Any]) -> dict[str, Any]:
        """What of the focal resource may be repeated. A place names `servicedDate` without its type."""
        return {
            key: value
            for key, value in resource.items()
            if key not in self.elements and _CHOICE.sub("", key) not in self.elements
        }


class Echo:
    """Copies of a request's entries. References to them are `base`, type and id; without base, relative.

    Entries in `faulty`, and those that refer to them, are not repeated: what was refused for its fault
    would make our answer faulty too. They are then named by their business identifier alone.
    """

    def __init__(self, request: Envelope, faulty: Collection[int], base: str = "") -> None:
        self._request = request
        self._base = base
        self._faulty = _with_those_that_refer(request, faulty)
        self._copied: dict[int, dict[str, Any]] = {}

    def entries(self) -> list[dict[str, Any]]:
        """The entries repeated so far, and with them all that they refer to, in the order of real answers."""
        # The sort is stable: within a group it is the order of first mention.
        copies = sorted(
            self._copied.values(), key=lambda copy: _GROUPS.get(copy["resourceType"], len(_GROUPS))
        )
        return [framed(resource["resourceType"], resource) for resource in copies]

    def reference(self, element: Any, near: Entry) -> dict[str, Any] | None:
        """A Reference of ours to what an element of the request refers to; None if it names nothing."""
        if not isinstance(element, dict):
            return None
        found = self._request.find(element.get("reference"), near)
        if found is not None:
            return self.to(found)
        identifier, kind = Identifier.of(element.get("identifier")), element.get("type")
        return _named(kind if isinstance(kind, str) else None, identifier)

    def to(self, found: Entry) -> dict[str, Any] | None:
        """A Reference to a copy of an entry, or by its identifier; None if it has none."""
        if found.index not in self._faulty:
            return {"reference": f"{self._base}{found.type}/{self._copy(found)}"}
        return _named(found.type, Identifier.first(found.resource.get("identifier")))

    def _copy(self, source: Entry) -> str:
        if source.index not in self._copied:
            written = source.resource.get("id")
            usable = isinstance(written, str) and USABLE_ID.fullmatch(written)
            own = written if usable else derived_id(str(source.full_url), source.type)
            copy: dict[str, Any] = {"resourceType": source.type, "id": own}
            self._copied[source.index] = (
                copy  # before its members: Coverage and Patient may refer to each other
            )
            for key, value in source.resource.items():
                if key not in ("resourceType", "id"):
                    copy[key] = self._rewritten(value, source)
        identity: str = self._copied[source.index]["id"]
        return identity

    def _rewritten(self, value: Any, near: Entry) -> Any:
        if isinstance(value, list):
            return [self._rewritten(item, near) for item in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("reference"), str) and self._request.find(value["reference"], near):
            return self.reference(value, near)
        return {key: self._rewritten(inner, near) for key, inner in value.items()}


def _named(kind: str | None, identifier: Identifier | None) -> dict[str, Any] | None:
    if identifier is None or not _SYSTEM.fullmatch(identifier.system):
        return None
    if len(identifier.value) > _LONGEST_VALUE:
        return None
    return ({"type": kind} if kind else {}) | {"identifier": identifier.on_the_wire()}


def _with_those_that_refer(request: Envelope, faulty: Collection[int]) -> frozenset[int]:
    if not faulty:
        return frozenset()
    # Each entry to those it refers to; the faulty ones spread along until nothing is added.
    leads = {
        held.index: {
            found.index for address in _addresses(held.resource) if (found := request.find(address, held))
        }
        for held in request.entries
    }
    reached, before = frozenset(faulty), frozenset[int]()
    while reached != before:
        before = reached
        reached |= {index for index, to in leads.items() if to & before}
    return reached


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _addresses(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from _addresses(inner)
