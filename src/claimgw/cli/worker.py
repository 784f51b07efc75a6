"""How is a process run that only delivers: no doors, the same database?"""

import asyncio
from contextlib import AsyncExitStack

import typer

from claimgw.app import create_metrics_app
from claimgw.clearinghouse.delivery.nodes import Role
from claimgw.cli.awaited import database_is_there
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_line
from claimgw.cli.serve import figures_listener
from claimgw.cli.serving import Listener, on_signal, plain, start
from claimgw.cli.session import refusing
from claimgw.clock import SystemClock
from claimgw.house import House, open_house, working
from claimgw.settings import Settings
from claimgw.telemetry import logs

commands = typer.Typer()


@commands.command(
    epilog="Example: CLAIMGW_DATABASE=postgresql://claimgw@db/claimgw CLAIMGW_METRICS_HOST=127.0.0.1"
    " claimgw worker"
)
def worker() -> None:
    """Deliver held messages until told to stop (Ctrl-C, SIGTERM). As many may run as there are machines.

    A shared database that is away is waited for.
    """
    with refusing():
        settings = read_settings()
        logs.configure(settings.log_style, settings.log_level)
        start(_work(settings))


async def _work(settings: Settings) -> None:
    figures = figures_listener(settings)
    stop = asyncio.Event()
    async with AsyncExitStack() as held:
        held.enter_context(on_signal(stop.set))
        if not await database_is_there(settings.database, stop):
            return
        house = await held.enter_async_context(open_house(settings, SystemClock(), Role.WORKER))
        await held.enter_async_context(working(house))
        print_line(f"The worker {settings.node} delivers.")
        await (_show_figures(house, figures, stop) if figures else stop.wait())


async def _show_figures(house: House, figures: Listener, stop: asyncio.Event) -> None:
    server = plain(create_metrics_app(house), figures, lifespan=False)
    serving = asyncio.create_task(server.run_until_stopped())
    await stop.wait()
    server.stop()
    await serving
