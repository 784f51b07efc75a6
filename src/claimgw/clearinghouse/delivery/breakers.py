"""Which insurers are taken for down, as this process knows it, and who finds out that they are back?"""

from collections import defaultdict
from datetime import UTC, datetime

import structlog

from claimgw.access.participants import Participant
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery import breaker
from claimgw.clearinghouse.delivery.breaker import Samples
from claimgw.clearinghouse.delivery.outcomes import MEANING, Outcome
from claimgw.clock import Clock
from claimgw.errors import Conflict, StoreUnavailable
from claimgw.store.breakers import Circuit, Position, find_circuit, write_circuit
from claimgw.store.database import Database
from claimgw.store.lanes import end_waits
from claimgw.store.records import Attempt
from claimgw.store.revision import move_on

_log = structlog.get_logger(__name__)


# Of an insurer that was never taken for down.
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Breakers:
    """The circuits of all insurers, for the life of the process.

    What other nodes have found out comes with the registry; what this one has, counts at once. Endings are
    counted in memory: the store is asked when one is about to change.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._samples: defaultdict[str, Samples] = defaultdict(Samples)
        self._known: dict[str, Circuit] = {}

    def open(self, licence: str, registry: Snapshot) -> Circuit | None:
        """The circuit if nothing may be sent there; None while it is closed."""
        circuit = self._circuit(licence, registry)
        return None if circuit.state is Position.CLOSED else circuit

    def all_open(self, registry: Snapshot) -> list[Circuit]:
        """Those of all insurers by which nothing may be sent."""
        licences = {*registry.circuits, *self._known}
        return [held for licence in sorted(licences) if (held := self.open(licence, registry))]

    async def learn(
        self, insurer: Participant, registry: Snapshot, outcome: Outcome, attempt: Attempt
    ) -> None:
        """Note how an attempt ended; a failure too many opens the breaker. Told twice, it counts once."""
        failure, circuit = breaker.failed(outcome), self._circuit(insurer.licence, registry)
        # What began before the last change is told of a time that is over.
        if failure is None or circuit.state is not Position.CLOSED or attempt.opened_at < circuit.since:
            return
        settings, now = insurer.settings.breaker, self._clock.now()
        if self._samples[insurer.licence].add(attempt.id, now, settings, failure=failure):
            await self._open(insurer, MEANING[outcome].when)

    async def begin_probe(self, insurer: Participant, node: str, seconds: float) -> Circuit | None:
        """The right to probe, for so many seconds; None: not yet, or another node was faster."""
        now = self._clock.now()
        try:
            async with self._database.write() as unit:
                held = await find_circuit(unit, insurer.licence)
                if held is None or not breaker.may_probe(held, now):
                    if held is not None:
                        self._known[insurer.licence] = held
                    return None
                probing = breaker.probing(held, now, node, seconds)
                await write_circuit(unit, probing)
        except Conflict:
            return None
        self._known[insurer.licence] = probing
        return probing

    async def end_probe(self, insurer: Participant, probing: Circuit, fault: str | None) -> None:
        """What the probe has shown: the insurer is there (`fault` None), or it is not, and why."""
        now = self._clock.now()
        if fault is None:
            changed = breaker.closed(probing, now)
        else:
            changed = breaker.still_open(probing, now, fault, insurer.settings.breaker)
        try:
            async with self._database.write() as unit:
                if fault is None:
                    await move_on(unit)
                await write_circuit(unit, changed)
        except Conflict:
            return  # it took longer than it may, and another node has begun
        self._learnt(changed)

    async def _open(self, insurer: Participant, reason: str) -> None:
        now, before = self._clock.now(), self._known.get(insurer.licence, _new(insurer.licence))
        try:
            async with self._database.write() as unit:
                await move_on(unit)
                held = await find_circuit(unit, insurer.licence) or _new(insurer.licence)
                if held.state is Position.CLOSED:
                    held = breaker.opened(held, now, reason, insurer.settings.breaker)
                    await write_circuit(unit, held)
                    # Before the waits are ended: whoever settles from here on sees it, and leaves none.
                    self._known[insurer.licence] = held
                    await end_waits(unit, insurer.licence, now)
        except (Conflict, StoreUnavailable) as fault:
            self._known[insurer.licence] = before
            # The next failure tries again; or another node has done it, and the registry will tell.
            _log.warning("a breaker stays as it is", insurer=insurer.licence, fault=str(fault))
            return
        self._learnt(held)

    def _learnt(self, circuit: Circuit) -> None:
        self._known[circuit.licence] = circuit
        self._samples.pop(circuit.licence, None)
        _log.warning(
            "the breaker of an insurer has changed",
            action="breaker",
            insurer=circuit.licence,
            state=circuit.state.value,
            reason=circuit.reason,
        )

    def _circuit(self, licence: str, registry: Snapshot) -> Circuit:
        """The newer of what the registry tells and what this process has found out itself."""
        told, known = registry.circuits.get(licence), self._known.get(licence)
        if told is None or (known is not None and known.revision >= told.revision):
            return known or _new(licence)
        if told.state is not Position.CLOSED:
            self._samples.pop(licence, None)
        return told


def _new(licence: str) -> Circuit:
    return Circuit(licence, Position.CLOSED, _BEGINNING)
