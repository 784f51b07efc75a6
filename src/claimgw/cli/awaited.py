"""How does a process that is to run for long get its database? It waits until it is there."""

import asyncio

import structlog

from claimgw.cli.session import running
from claimgw.clock import SystemClock, rung_or_after
from claimgw.errors import NotLetIn, StoreUnavailable
from claimgw.store.database import driver_url

_log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 1.0


async def database_is_there(address: str, stop: asyncio.Event) -> bool:
    """Wait until the database of that address answers and has our tables; False if `stop` was set meanwhile.

    What waiting does not mend is raised at once: NotLetIn for a wrong login or name, ConfigurationError for
    tables of another release, StoreUnavailable for a file that cannot be opened.
    """
    told = False
    while not stop.is_set():
        try:
            async with running(address):
                return True
        except NotLetIn:
            raise
        except StoreUnavailable as fault:
            if driver_url(address).get_backend_name() == "sqlite":
                raise
            if not told:
                _log.warning("this process waits for its database", action="start", fault=str(fault))
                told = True
        await rung_or_after(stop, SystemClock(), _AGAIN_SECONDS)
    return False
