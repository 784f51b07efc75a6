"""Do the commands on operators make accounts that can sign in?"""

import asyncio
from pathlib import Path

import pytest

from claimgw.access.operators import NotSignedIn, Operators, SignedIn
from claimgw.clock import SystemClock
from claimgw.store.database import Database
from tests.cli.console import Terminal

PASSWORD = "correct horse battery"


@pytest.fixture
def terminal(address: str) -> Terminal:
    return _with_noura(address)


@pytest.fixture(scope="module")
def shared(lasting_address: str) -> Terminal:
    """For commands that are refused: one account is enough for all, and its password takes long to hash."""
    return _with_noura(lasting_address)


def _with_noura(address: str) -> Terminal:
    typed = Terminal(address)
    typed.type("operators", "add", "noura", "--role", "admin", "--password-file", "-", stdin=PASSWORD + "\n")
    return typed


def _sign_in(address: str, password: str) -> SignedIn | NotSignedIn:
    async def attempt() -> SignedIn | NotSignedIn:
        database = Database(address)
        try:
            return await Operators(database, SystemClock()).sign_in("noura", password, "10.0.0.1")
        finally:
            await database.close()

    return asyncio.run(attempt())


def test_a_new_operator_can_sign_in(terminal: Terminal, address: str) -> None:
    assert isinstance(_sign_in(address, PASSWORD), SignedIn)
    assert [(o["name"], o["role"]) for o in terminal.read("operators", "list")] == [("noura", "admin")]


def test_a_password_may_come_from_a_file(terminal: Terminal, address: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("another horse battery\n")
    terminal.type("operators", "password", "noura", "--password-file", str(file))
    assert isinstance(_sign_in(address, PASSWORD), NotSignedIn)
    assert isinstance(_sign_in(address, "another horse battery"), SignedIn)


def test_a_password_may_be_typed_twice(terminal: Terminal, address: str) -> None:
    typed = "third horse battery"
    output = terminal.type("operators", "password", "noura", stdin=f"{typed}\n{typed}\n")
    assert typed not in output
    assert isinstance(_sign_in(address, typed), SignedIn)


def test_a_disabled_operator_is_out_until_enabled(terminal: Terminal, address: str) -> None:
    terminal.type("operators", "disable", "noura")
    assert isinstance(_sign_in(address, PASSWORD), NotSignedIn)
    terminal.type("operators", "enable", "noura")
    assert isinstance(_sign_in(address, PASSWORD), SignedIn)


def test_a_role_is_changed(terminal: Terminal) -> None:
    terminal.type("operators", "role", "noura", "viewer")
    assert terminal.read("operators", "list")[0]["role"] == "viewer"


@pytest.mark.parametrize(
    ("words", "stdin", "text"),
    [
        (("add", "sami", "--role", "admin", "--password-file", "-"), "short", "at least 12 characters"),
        (("add", " sami", "--role", "admin", "--password-file", "-"), PASSWORD, "no blanks around it"),
        (("add", "sami", "--role", "king", "--password-file", "-"), PASSWORD, "'king' is not one of"),
        (("add", "sami", "--password-file", "-"), PASSWORD, "Missing option '--role'"),
        (("add", "sami", "--role", "admin", "--password-file", "/nowhere"), "", "cannot be read"),
    ],
)
def test_what_is_written_wrong_exits_with_two(
    shared: Terminal, words: tuple[str, ...], stdin: str, text: str
) -> None:
    assert text in shared.type("operators", *words, stdin=stdin, code=2)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("add", "noura", "--role", "admin", "--password-file", "-"), "there is an operator 'noura' already"),
        (("role", "nobody", "admin"), "there is no operator 'nobody'"),
        (("password", "nobody", "--password-file", "-"), "there is no operator 'nobody'"),
        (("disable", "nobody"), "there is no operator 'nobody'"),
        (("enable", "nobody"), "there is no operator 'nobody'"),
    ],
)
def test_what_is_not_there_exits_with_one(shared: Terminal, words: tuple[str, ...], text: str) -> None:
    assert text in shared.type("operators", *words, stdin=PASSWORD, code=1)
