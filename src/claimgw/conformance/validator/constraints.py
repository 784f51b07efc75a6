"""Which constraints that the walk met are broken?"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta, timezone
from typing import Any

from claimgw.conformance.case import Case
from claimgw.conformance.fhirpath import Scope
from claimgw.conformance.validator.faults import Breach, Pending
from claimgw.conformance.validator.schemas import Schemas
from claimgw.messages.envelope import Entry

# `today()` is the day in Saudi Arabia, where these messages are sent.
_HOME = timezone(timedelta(hours=3))


def broken(pending: Iterable[Pending], case: Case, schemas: Schemas) -> Iterator[Breach]:
    """In the order the walk met them."""
    scopes = _Scopes(case, schemas)
    for constraints, node, place, home in pending:
        scope = scopes.of(home.value)
        for constraint in constraints:
            if not constraint.holds(scope, node):
                yield Breach(constraint, place)


class _Scopes:
    """One scope for each resource of a message."""

    def __init__(self, case: Case, schemas: Schemas) -> None:
        self._envelope = case.envelope
        self._now = case.now.astimezone(_HOME)
        self._schemas = schemas
        self._entries: dict[int, Entry] = {id(entry.resource): entry for entry in case.envelope.entries}
        self._scopes: dict[int, Scope] = {}

    def of(self, resource: Mapping[str, Any]) -> Scope:
        found = self._scopes.get(id(resource))
        if found is None:
            found = self._scopes[id(resource)] = Scope(
                resource=resource,
                root=self._envelope.bundle,
                now=self._now,
                resolve=self._resolve,
                member_of=self._schemas.member_of,
            )
        return found

    def _resolve(self, reference: str, resource: Any) -> dict[str, Any] | None:
        entry = self._envelope.find(reference, self._entries.get(id(resource)))
        return entry.resource if entry else None
