"""What do tests of the console get? A console with accounts, and a browser of somebody signed in."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.routing import Mount

from claimgw.access.operators import Operators, Role, hash_password
from claimgw.clock import ManualClock
from claimgw.console import create_console
from claimgw.store.database import Database
from claimgw.store.operators import OperatorRecord, add_operator

PASSWORD = "correct horse battery"
# As weak as argon2 allows: these tests are not about guessing.
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return found[1]


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """As a browser does it: fetch the form, send it back."""
    form = hidden((await client.get("/console/sign-in")).text, "form")
    return await client.post("/console/sign-in", data={"name": name, "password": password, "form": form})


@pytest.fixture
def operators(database: Database, clock: ManualClock) -> Operators:
    return Operators(database, clock, HASHER)


@pytest_asyncio.fixture
async def accounts(database: Database, clock: ManualClock) -> None:
    """vera is a viewer, omar an operator, aida an admin."""
    for name, role in (("vera", Role.VIEWER), ("omar", Role.OPERATOR), ("aida", Role.ADMIN)):
        record = OperatorRecord(name, role.value, hash_password(PASSWORD, HASHER), clock.now())
        async with database.write() as unit:
            await add_operator(unit, record)


@pytest_asyncio.fixture
async def stranger(
    database: Database, operators: Operators, accounts: None, clock: ManualClock
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a console it has not signed in to, mounted as in the gateway."""
    console = create_console(database=database, operators=operators, clock=clock)
    async with browser(Starlette(routes=[Mount("/console", console)])) as client:
        yield client


def browser(app: Starlette, address: str = "http://gateway.example") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=address)


@pytest_asyncio.fixture
async def viewer(stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    assert (await sign_in(stranger, "vera")).status_code == 303
    return stranger


@pytest_asyncio.fixture
async def operator(stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    assert (await sign_in(stranger, "omar")).status_code == 303
    return stranger
