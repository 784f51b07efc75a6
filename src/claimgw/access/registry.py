"""Who is registered at this moment? A copy in memory, at most 5 s behind the database."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import structlog

from claimgw.access.participants import Participant
from claimgw.access.rules import severities_of
from claimgw.clock import Clock
from claimgw.conformance.severity import Severities, defaults
from claimgw.errors import ConfigurationError, StoreUnavailable
from claimgw.store.breakers import Circuit, all_circuits
from claimgw.store.credentials import Credential, all_credentials
from claimgw.store.database import Database, Unit
from claimgw.store.participants import ParticipantRecord, Service, all_participants, all_services
from claimgw.store.pauses import EVERYWHERE, Pause, PauseKind, all_pauses
from claimgw.store.revision import revision
from claimgw.store.rule_changes import all_rule_changes

# Looked at every 2 s, so that a look which takes its time still ends within the 5 s that are promised.
_LOOK_SECONDS = 2.0
_TRUST_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry as it was at one revision. Never changes; `faults` says which rows could not be used."""

    revision: int
    participants: Mapping[str, Participant]
    services: Mapping[tuple[str, str], Sequence[Service]]
    credentials: Mapping[bytes, Credential]
    pauses: Mapping[str, Pause]
    severities: Severities = field(default_factory=defaults)
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def participant(self, licence: str) -> Participant | None:
        return self.participants.get(licence)

    def credential(self, digest: bytes) -> Credential | None:
        """By SHA-256 of key or certificate; also one that is revoked or expired."""
        return self.credentials.get(digest)

    def serves(self, tpa: str, insurer: str, day: date) -> bool:
        """Whether that TPA stands in for that insurer on that day."""
        return any(
            service.from_day <= day and (service.to_day is None or day <= service.to_day)
            for service in self.services.get((tpa, insurer), ())
        )

    def paused(self, licence: str) -> Pause | None:
        """The pause that holds this lane, be it everybody's or its own."""
        return self._pause(licence, PauseKind.HOLD)

    def drained(self, licence: str) -> Pause | None:
        """The drain of this lane, for which nothing new is taken."""
        return self._pause(licence, PauseKind.DRAIN)

    def _pause(self, licence: str, kind: PauseKind) -> Pause | None:
        found = (self.pauses.get(scope) for scope in (EVERYWHERE, licence))
        return next((pause for pause in found if pause is not None and pause.kind is kind), None)


class Registry:
    """The present snapshot, for the life of one process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._looked_at = 0.0
        self._look: asyncio.Task[Snapshot] | None = None

    async def current(self) -> Snapshot:
        """The registry, never older than 5 s. Costs a query only every 2 s.

        Raises StoreUnavailable when the database has been away for longer than that.
        """
        held = self._younger_than(_LOOK_SECONDS)
        if held is not None:
            return held
        if self._look is not None and not self._look.done():
            # Somebody is looking: go on with what there is while it may still be trusted.
            held = self._younger_than(_TRUST_SECONDS)
            if held is not None:
                return held
        else:
            self._look = asyncio.create_task(self._look_again())
        # Shared by all who wait, its failure too: a database that is away is not asked by one after
        # the other. Shielded, because a caller who hangs up must not end it for the rest.
        return await asyncio.shield(self._look)

    async def _look_again(self) -> Snapshot:
        away: StoreUnavailable | None = None
        try:
            async with self._database.read() as unit:
                # Before the look, not after it: a change made meanwhile may not be in what is read.
                began = self._clock.monotonic()
                present = await revision(unit)
                if self._snapshot is None or self._snapshot.revision != present:
                    self._snapshot = await _load(unit, present)
                self._looked_at = began
        except StoreUnavailable as fault:
            away = fault
        held = self._younger_than(_TRUST_SECONDS)
        if held is None:
            raise StoreUnavailable("the registry of participants cannot be read") from away
        return held

    def _younger_than(self, seconds: float) -> Snapshot | None:
        return self._snapshot if self._clock.monotonic() - self._looked_at < seconds else None


async def _load(unit: Unit, present: int) -> Snapshot:
    services: dict[tuple[str, str], list[Service]] = defaultdict(list)
    for service in await all_services(unit):
        services[service.tpa, service.insurer].append(service)
    participants, faults = _read(await all_participants(unit))
    severities, unusable = severities_of(await all_rule_changes(unit))
    for fault in unusable:
        _log.error("change of a rule cannot be used", fault=fault)
    return Snapshot(
        revision=present,
        participants=MappingProxyType(participants),
        services=MappingProxyType(dict(services)),
        credentials=MappingProxyType({held.digest: held for held in await all_credentials(unit)}),
        pauses=MappingProxyType({pause.scope: pause for pause in await all_pauses(unit)}),
        severities=severities,
        circuits=MappingProxyType({held.licence: held for held in await all_circuits(unit)}),
        faults=(*faults, *unusable),
    )


def _read(records: Sequence[ParticipantRecord]) -> tuple[dict[str, Participant], tuple[str, ...]]:
    """Leave out a participant whose row was spoilt by hand: it alone is refused, not everybody."""
    participants: dict[str, Participant] = {}
    faults: list[str] = []
    for record in records:
        try:
            participants[record.licence] = Participant.read(record)
        except ConfigurationError as fault:
            faults.append(str(fault))
            _log.error("participant cannot be used", licence=record.licence, fault=str(fault))
    return participants, tuple(faults)
