"""How does a process without lines reach an insurer? Over those of the process beside it."""

from collections.abc import Mapping

from claimgw.access.participants import Participant
from claimgw.clearinghouse.aside import aside
from claimgw.clearinghouse.beside.wire import Handler, Wire
from claimgw.clearinghouse.lines import Lines
from claimgw.clearinghouse.parts import Parts
from claimgw.insurers.spi import Adapter, Health, NotSent, NotSentFault, Reply


def lent(parts: Parts) -> Mapping[str, Handler]:
    """What this process does for the one beside it."""

    async def deliver(licence: str, message: bytes, seconds: float) -> Reply:
        insurer = (await parts.registry.current()).participant(licence)
        line = parts.lines.line(insurer) if insurer is not None else None
        if line is None:
            return NotSent(NotSentFault.PAUSED, "the insurer has no connection")
        with aside():
            return await line.deliver(message, seconds=seconds)

    async def wake() -> None:
        parts.wake()

    return {"deliver": deliver, "wake": wake}


class LentLines(Lines):
    """The lines of the other process. Connections, and insurers that live in a process, are there once."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def line(self, insurer: Participant) -> Adapter | None:
        if insurer.adapter is None or insurer.endpoint is None:
            return None
        return _Lent(self._wire, insurer.licence)

    async def close(self) -> None:
        """They are closed by whose they are."""


class _Lent:
    """One of them."""

    def __init__(self, wire: Wire, licence: str) -> None:
        self._wire = wire
        self._licence = licence

    async def deliver(self, message: bytes, *, seconds: float) -> Reply:
        reply: Reply = await self._wire.call("deliver", self._licence, message, seconds)
        return reply

    async def probe(self) -> Health:
        return Health(False, "looked at by the process that has the line", 0.0)

    async def close(self) -> None:
        """Nothing is held here."""
