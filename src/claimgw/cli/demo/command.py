"""How is the story played, and how is the stage left standing for a person to play with?"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from claimgw.cli.arguments import AsJson
from claimgw.cli.demo import stage as stages
from claimgw.cli.demo.case import chapters
from claimgw.cli.demo.claims import examples_folder
from claimgw.cli.demo.programs import Late, free_port
from claimgw.cli.demo.scenarios import SCENARIOS
from claimgw.cli.demo.stage import CALM, HOSPITAL, INSURERS, NAMES, OPERATOR, QUICK, Ports, Stage
from claimgw.cli.demo.story import Result, Scenario, play
from claimgw.cli.output import print_json, print_line
from claimgw.cli.serving import on_signal
from claimgw.cli.session import REFUSED, refusing

commands = typer.Typer()


@commands.command(
    epilog="Examples:\n\nclaimgw demo\n\nclaimgw demo --story\n\nclaimgw demo --json > demo.json\n\n"
    "claimgw demo --stay --folder var --port 8080"
)
def demo(
    stay: Annotated[
        bool, typer.Option("--stay", help="Play nothing: leave the stage standing until Ctrl-C.")
    ] = False,
    story: Annotated[
        bool, typer.Option("--story", help="Play one patient's case, from the first question to the money.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where database and logs go; a temporary one else.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65533, help="The gateway's port, the insurers' are the next two; else free ones."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play the whole story on this machine: a gateway, two insurers, and what can happen between them.

    Exits with 0 only if every scenario came out as stated.
    """
    scenarios = chapters() if story else SCENARIOS
    home = (folder or Path(tempfile.mkdtemp(prefix="claimgw-demo-"))).resolve()
    home.mkdir(parents=True, exist_ok=True)
    ports = _ports(port)
    with refusing():
        if stay:
            asyncio.run(_stay(home, ports))
            return
        keys = stages.set_up(home, ports, QUICK)
        results = asyncio.run(_play(scenarios, home, ports, keys, as_json))
    as_stated = len(results) == len(scenarios) and all(result.as_stated for result in results)
    if as_json:
        print_json([asdict(result) | {"as_stated": result.as_stated} for result in results])
    else:
        _conclude(results, len(scenarios), home)
    if not as_stated:
        raise typer.Exit(REFUSED)
    if folder is None:
        shutil.rmtree(home)


def _ports(first: int | None) -> Ports:
    if first is None:
        return Ports(free_port(), {licence: free_port() for licence in INSURERS})
    return Ports(first, {licence: first + place for place, licence in enumerate(INSURERS, 1)})


async def _play(
    scenarios: Sequence[Scenario], home: Path, ports: Ports, keys: dict[str, str], as_json: bool
) -> list[Result]:
    """All scenarios, one after the other; those before a signal, if one comes."""
    results: list[Result] = []
    playing = asyncio.current_task()
    assert playing is not None

    def show(result: Result) -> None:
        results.append(result)
        if not as_json:
            _show(result)

    with on_signal(_once(playing.cancel)):
        try:
            async with stages.raised(home, ports, QUICK, keys) as stage:
                await _all(scenarios, stage, show)
        except asyncio.CancelledError:
            pass  # what was played is told all the same
    return results


def _once(cancel: Callable[[], bool]) -> Callable[[], None]:
    """A second signal must not break off the stopping of the processes."""
    asked: list[bool] = []

    def stop() -> None:
        if not asked:
            asked.append(cancel())

    return stop


async def _all(scenarios: Sequence[Scenario], stage: Stage, show: Callable[[Result], None]) -> None:
    for scenario in scenarios:
        console = Console(stderr=True, force_terminal=sys.stderr.isatty())
        with console.status(f"{scenario.name} …"):
            result = await play(scenario, stage)
        show(result)


def _show(result: Result) -> None:
    mark = ("✓", "green") if result.as_stated else ("✗", "red")
    line = Text.assemble(mark, f" {result.name}: ", (f"expected {result.expected}", "dim"))
    came = "; came as stated" if result.as_stated else f"; came {result.came or 'nothing'}"
    line.append(came, style=None if result.as_stated else "red")
    line.append(f" ({result.seconds:.1f} s)", style="dim")
    console = Console()
    console.print(line, soft_wrap=True, highlight=False)
    for note in result.notes:
        console.print(Text(f"    {note}", style="dim"), soft_wrap=True)


def _conclude(results: list[Result], played: int, home: Path) -> None:
    wrong = played - sum(result.as_stated for result in results)
    seconds = sum(result.seconds for result in results)
    if wrong:
        print_line(f"{wrong} of {played} did not come out as stated. The logs are in {home}.")
    else:
        print_line(f"All {played} scenarios came out as stated, in {seconds:.0f} s.")


async def _stay(home: Path, ports: Ports) -> None:
    kept = home / "keys.json"
    playing = asyncio.current_task()
    assert playing is not None
    password = None
    if kept.exists():
        keys = json.loads(kept.read_text())
        await asyncio.to_thread(stages.move, home, ports)
    else:
        keys = await asyncio.to_thread(stages.set_up, home, ports, CALM)
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(keys, indent=2))
        password = await asyncio.to_thread(stages.add_operator, home)
    with on_signal(_once(playing.cancel)):
        try:
            async with stages.raised(home, ports, CALM, keys) as stage:
                _introduce(home, ports, keys, password)
                programs = (stage.gateway, *stage.insurers.values())
                waits = [asyncio.create_task(program.ended()) for program in programs]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                raise Late(f"a process ended by itself; see the logs in {home}")
        except asyncio.CancelledError:
            print_line("Stopped. The database stays; the next start goes on with it.")


def _introduce(home: Path, ports: Ports, keys: dict[str, str], password: str | None) -> None:
    gateway = ports.url()
    for licence, name in NAMES.items():
        where = f"  sandbox at {ports.url(licence)}" if licence in INSURERS else ""
        print_line(f"{licence}  {name}  key {keys[licence]}{where}")
    if password is not None:
        print_line(f"Console: {gateway}/console  account {OPERATOR}, password {password} (shown only now)")
    else:
        print_line(f"Console: {gateway}/console  account {OPERATOR}")
    print_line(f"Logs and database: {home}")
    print_line("Try in another terminal:")
    print_line(f"  export CLAIMGW_URL={gateway} CLAIMGW_KEY={keys[HOSPITAL]}")
    print_line(f"  claimgw send {examples_folder() / 'claim-request-professional.json'}")
    print_line(f"  claimgw poll {HOSPITAL} --count 10")
    print_line("Ctrl-C stops everything.")
