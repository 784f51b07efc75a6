"""How are the console's accounts made and changed from the command line?"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from claimgw.access.operators import Role, hash_password
from claimgw.cli.arguments import AsJson
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import Refusal, refusing, run
from claimgw.clock import SystemClock
from claimgw.errors import ConfigurationError
from claimgw.store import operators as store
from claimgw.store.database import Database
from claimgw.store.operators import OperatorRecord

operators_app = typer.Typer(
    name="operators",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Who may open the console: viewers look, operators act, admins may do everything.",
)

_clock = SystemClock()
_LONGEST_NAME = 120


def _name(text: str) -> str:
    if not text or len(text) > _LONGEST_NAME or not text.isprintable() or text != text.strip():
        raise typer.BadParameter(f"a name has 1 to {_LONGEST_NAME} characters, and no blanks around it")
    return text


Name = Annotated[str, typer.Argument(parser=_name, metavar="NAME")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        allow_dash=True,
        help="The password's file; '-' reads it from standard input. Asked for if not given.",
    ),
]


@operators_app.command(
    epilog="Examples:\n\nclaimgw operators add noura --role admin\n\n"
    "pass show claimgw/noura | claimgw operators add noura --role viewer --password-file -"
)
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the operator may do.")],
    password_file: PasswordFile = None,
) -> None:
    """Make an account."""
    with refusing():
        hashed = hash_password(_password(password_file))
    record = OperatorRecord(name, role.value, hashed, _clock.now())

    async def work(database: Database) -> None:
        async with database.write() as unit:
            await store.add_operator(unit, record)

    run(work)
    print_line(f"{name} may sign in as {role}.")


@operators_app.command("list", epilog="Example: claimgw operators list --json")
def list_(as_json: AsJson = False) -> None:
    """List all accounts."""

    async def work(database: Database) -> list[OperatorRecord]:
        async with database.read() as unit:
            return await store.all_operators(unit)

    records = run(work)
    if as_json:
        print_json([_as_json(record) for record in records])
        return
    print_table(
        "Operators",
        ["name", "role", "since", "disabled"],
        [(record.name, record.role, record.created_at, record.disabled_at) for record in records],
        "There is no operator. Make one with 'claimgw operators add NAME --role admin'.",
    )


@operators_app.command(epilog="Example: claimgw operators role noura operator")
def role(
    name: Name, role: Annotated[Role, typer.Argument(help="What the operator may do from now on.")]
) -> None:
    """Change what an operator may do; in force at once."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            _there(await store.set_role(unit, name, role.value), name)

    run(work)
    print_line(f"{name} is {role} now.")


@operators_app.command(epilog="Example: claimgw operators password noura")
def password(name: Name, password_file: PasswordFile = None) -> None:
    """Set a new password; open sessions end."""
    with refusing():
        hashed = hash_password(_password(password_file))

    async def work(database: Database) -> None:
        async with database.write() as unit:
            _there(await store.set_password(unit, name, hashed), name)

    run(work)
    print_line(f"{name} has a new password.")


@operators_app.command(epilog="Example: claimgw operators disable noura")
def disable(name: Name) -> None:
    """Let an operator in no more; open sessions end."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            _there(await store.disable_operator(unit, name, _clock.now()), name)

    run(work)
    print_line(f"{name} is disabled.")


@operators_app.command(epilog="Example: claimgw operators enable noura")
def enable(name: Name) -> None:
    """Let a disabled operator in again."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            _there(await store.enable_operator(unit, name), name)

    run(work)
    print_line(f"{name} may sign in.")


def _there(found: bool, name: str) -> None:
    if not found:
        raise Refusal(f"there is no operator {name!r}; 'claimgw operators list' shows who is")


def _password(file: Path | None) -> str:
    """Never an argument: those are seen by everybody who lists the processes."""
    if file is None:
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"the password's file cannot be read ({type(fault).__name__})") from fault
    return text.rstrip("\r\n")


def _as_json(record: OperatorRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "role": record.role,
        "created_at": record.created_at,
        "disabled_at": record.disabled_at,
    }
