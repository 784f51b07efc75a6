"""How is the gateway started, and when does it refuse to?"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Annotated

import structlog
import typer
from fastapi import FastAPI

from claimgw.app import create_app, create_metrics_app
from claimgw.clearinghouse.beside.nursery import Nursery, nursery
from claimgw.cli.awaited import database_is_there
from claimgw.cli.beside import work
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_line
from claimgw.cli.serving import (
    Gateway,
    Listener,
    Server,
    gateway_config,
    is_loopback,
    on_signal,
    plain,
    start,
)
from claimgw.cli.session import Refusal, refusing, running
from claimgw.clock import SystemClock
from claimgw.conformance.loading import load
from claimgw.errors import ConfigurationError
from claimgw.settings import Settings
from claimgw.store import credentials
from claimgw.telemetry import logs

commands = typer.Typer()

_log = structlog.get_logger(__name__)

Host = Annotated[
    str | None, typer.Option(help="The address to listen on [env CLAIMGW_HOST, else 127.0.0.1].")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The port; 0: any free one [env CLAIMGW_PORT, else 8080]."),
]


@commands.command(
    epilog="Examples:\n\nclaimgw serve\n\nclaimgw serve --open --port 0\n\n"
    "CLAIMGW_DATABASE=postgresql://claimgw@db/claimgw claimgw serve --host 0.0.0.0 --no-worker"
)
def serve(
    host: Host = None,
    port: Port = None,
    open_: Annotated[
        bool | None,
        typer.Option(
            "--open", help="Let anybody in, as any participant. To try things out; on loopback only."
        ),
    ] = None,
    worker: Annotated[
        bool | None,
        typer.Option(
            "--worker/--no-worker",
            help="Deliver held messages in this process; if not given: on SQLite only.",
        ),
    ] = None,
) -> None:
    """Run the gateway until it is told to stop (Ctrl-C, SIGTERM).

    A shared database that is away is waited for; until it is there nothing listens.
    """
    with refusing():
        settings = read_settings(host=host, port=port, open=open_, worker=worker)
        logs.configure(settings.log_style, settings.log_level)
        if not start(_may_start(settings)):
            return
        # Else the first message of each kind waits for its profiles, here and in the process beside.
        load(settings.packages, settings.codes, settings.versions).compile()
        with nursery(work) if settings.beside else nullcontext() as beside:
            start(_serve(settings, beside))


async def _may_start(settings: Settings) -> bool:
    stop = asyncio.Event()
    with on_signal(stop.set):
        return await may_start(settings, stop)


async def _serve(settings: Settings, beside: Nursery | None) -> None:
    app = create_app(settings, nursery=beside)
    config = gateway_config(app, settings)
    listener = Listener(settings.host, settings.port)
    server = Gateway(config, listener, _figures(app, settings), lambda: app.state.house.close_down())
    with on_signal(server.stop):
        print_line(f"The gateway listens on {listener.url('https' if config.is_ssl else 'http')}")
        await server.run_until_stopped()


def _figures(app: FastAPI, settings: Settings) -> Callable[[], Server] | None:
    """Their server, to be made once the house is open."""
    listener = figures_listener(settings)
    if listener is None:
        return None
    return lambda: plain(create_metrics_app(app.state.house), listener, lifespan=False)


def figures_listener(settings: Settings) -> Listener | None:
    """Where /metrics is served, if it has an address of its own."""
    return Listener(settings.metrics_host, settings.metrics_port) if settings.metrics_host else None


async def may_start(settings: Settings, stop: asyncio.Event) -> bool:
    """Once its database is there: whether doors may be opened; False if it is told to stop while it waits.

    Raises ConfigurationError or Refusal where the doors would be open to all, or shut to all.

    And ConfigurationError for definitions or code lists that cannot be used.
    """
    load(settings.packages, settings.codes, settings.versions)
    if settings.open and not is_loopback(settings.host):
        raise ConfigurationError(
            f"--open lets anybody in, so it listens on loopback only, not on {settings.host};"
            " leave --open out, or listen on 127.0.0.1"
        )
    now = SystemClock().now()
    if not await database_is_there(settings.database, stop):
        return False
    async with running(settings.database) as database, database.read() as unit:
        held = await credentials.all_credentials(unit)
    alive = [one for one in held if not one.revoked_at and (one.expires_at is None or one.expires_at > now)]
    if settings.open:
        _log.warning("the doors are open: anybody on this machine may speak for anybody", action="start")
    elif not alive:
        raise Refusal(
            "nobody could come in: there is no credential. Enter a participant with"
            " 'claimgw participants add' and give it a key with 'claimgw participants key';"
            " or try things out with 'claimgw serve --open'"
        )
    return True
