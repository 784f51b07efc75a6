"""Over which line is an insurer reached? One adapter each, for as long as its registration stays as it is."""

import asyncio
from collections.abc import Callable

import structlog

from claimgw.access.participants import Participant
from claimgw.clock import Clock
from claimgw.errors import ConfigurationError
from claimgw.insurers.spi import Adapter, Connection, Door, find_adapter

_log = structlog.get_logger(__name__)


class Lines:
    """Adapters by licence. `door` gives an in-process insurer its way back in."""

    def __init__(self, clock: Clock, door: Callable[[str], Door]) -> None:
        self._clock = clock
        self._door = door
        self._open: dict[str, tuple[Participant, Connection, Adapter]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def line(self, insurer: Participant) -> Adapter | None:
        """The adapter, made anew if the registration has changed; None if there is no way to call it.

        A registration that cannot be used (a TLS file is gone, say) is logged and counts as no way.
        """
        if insurer.adapter is None or insurer.endpoint is None:
            return None
        held = self._open.get(insurer.licence)
        # The same object as long as the registry has not changed.
        if held is not None and held[0] is insurer:
            return held[2]
        connection = insurer.connection()
        if held is not None and (held[0].adapter, held[1]) == (insurer.adapter, connection):
            self._open[insurer.licence] = (insurer, connection, held[2])
            return held[2]
        try:
            adapter = find_adapter(insurer.adapter)(
                connection, clock=self._clock, door=self._door(insurer.licence)
            )
        except ConfigurationError as fault:
            _log.error("an insurer's line cannot be opened", insurer=insurer.licence, fault=str(fault))
            return None
        if held is not None:
            self._let_go(held[2])
        self._open[insurer.licence] = (insurer, connection, adapter)
        return adapter

    async def close(self) -> None:
        """Let go of every line."""
        for _, _, adapter in self._open.values():
            self._let_go(adapter)
        self._open.clear()
        while self._closing:
            await asyncio.gather(*self._closing)

    def _let_go(self, adapter: Adapter) -> None:
        task = asyncio.create_task(adapter.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
