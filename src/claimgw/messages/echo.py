"""Which parts of a request stand again in the gateway's answer to it, and under which addresses?"""

import re
from collections.abc import Collection
from typing import Any

from claimgw.ids import derived_id
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.frame import entry as framed

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Echo:
    """Copies of a request's entries, with references made relative, as real answers have them.

    Entries in `faulty` (their index in the request) are not repeated: what was refused for its fault
    would make our answer faulty too. They are then named by their business identifier alone.
    """

    def __init__(self, request: Envelope, faulty: Collection[int]) -> None:
        self._request = request
        self._faulty = faulty
        self._copied: dict[int, dict[str, Any]] = {}

    def entries(self) -> list[dict[str, Any]]:
        """The entries repeated so far, and with them all that they refer to, in order of first mention."""
        return [framed(resource["resourceType"], resource) for resource in self._copied.values()]

    def reference(self, element: Any, near: Entry) -> dict[str, Any] | None:
        """A Reference of ours to what an element of the request refers to; None if it names nothing."""
        if not isinstance(element, dict):
            return None
        found = self._request.find(element.get("reference"), near)
        if found is not None and found.index not in self._faulty:
            return {"reference": f"{found.type}/{self._copy(found)}"}
        identifier = element.get("identifier") or _identifier(found)
        kind = element.get("type") or (found.type if found else None)
        named = {"type": kind, "identifier": identifier if isinstance(identifier, dict) else None}
        return {key: value for key, value in named.items() if value} if named["identifier"] else None

    def _copy(self, source: Entry) -> str:
        if source.index not in self._copied:
            written = source.resource.get("id")
            usable = isinstance(written, str) and _ID.fullmatch(written)
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


def _identifier(found: Entry | None) -> Any:
    identifiers = found.resource.get("identifier") if found else None
    return identifiers[0] if isinstance(identifiers, list) and identifiers else None
