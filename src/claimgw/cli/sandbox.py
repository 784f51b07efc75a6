"""How is the sandbox started as a server of its own, and what can be asked of it?"""

from typing import Annotated

import typer

from claimgw.cli.arguments import AsJson
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.serving import Listener, on_signal, plain, start
from claimgw.cli.session import refusing
from claimgw.clock import SystemClock
from claimgw.insurers.sandbox.behaviour import TABLE
from claimgw.insurers.sandbox.server import create_app
from claimgw.telemetry import logs

commands = typer.Typer()


@commands.command(
    epilog="Examples:\n\nclaimgw sandbox --behaviours\n\n"
    "claimgw sandbox INS-2001 INS-2002 --gateway 'http://127.0.0.1:8080/$process-message' --port 8081"
)
def sandbox(
    licences: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LICENCE]...", help="The insurers it plays, as on the wire."),
    ] = None,
    gateway: Annotated[
        str, typer.Option(metavar="URL", help="The gateway's $process-message, for late answers.")
    ] = "http://127.0.0.1:8080/$process-message",
    key: Annotated[
        str, typer.Option(envvar="CLAIMGW_KEY", help="The insurers' API key, for late answers.")
    ] = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0: any free one.")] = 8081,
    pay_every: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Pay what is owed so often; 0: only on order.")
    ] = 0.0,
    behaviours: Annotated[
        bool, typer.Option("--behaviours", help="List what a message can ask for, and end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run insurers that play their side of every exchange, and misbehave on request.

    Requests are made by the ending of an identifier, or on the control page at the root of the address.
    """
    if behaviours:
        _list(as_json)
        return
    if not licences:
        raise typer.BadParameter("name the insurers to play, such as INS-2001", param_hint="LICENCE")
    with refusing():
        settings = read_settings()
        logs.configure(settings.log_style, settings.log_level)
        start(_run(licences, gateway, key, host, port, pay_every))


async def _run(licences: list[str], gateway: str, key: str, host: str, port: int, pay_every: float) -> None:
    listener = Listener(host, port)
    app = create_app(licences, gateway_url=gateway, api_key=key, clock=SystemClock(), pay_every=pay_every)
    server = plain(app, listener, lifespan=True)
    with on_signal(server.stop):
        print_line(f"The sandbox plays {', '.join(licences)} on {listener.url()}/$process-message")
        print_line(f"What they know, and what they can be ordered: {listener.url()}/")
        await server.run_until_stopped()


def _list(as_json: bool) -> None:
    if as_json:
        print_json([{"ending": row.ending, "effect": row.effect, "does": row.sentence} for row in TABLE])
        return
    rows = [(f"-{row.ending}", row.effect, row.sentence) for row in TABLE]
    print_table("What the ending of an identifier asks for", ["ending", "answer", "does"], rows, "")
