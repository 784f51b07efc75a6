"""May only an operator have something sent again at the console, told what would happen, for a reason?"""

import re
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from claimgw.clock import ManualClock
from claimgw.store import exchanges, redrives
from claimgw.store.database import Database
from claimgw.store.records import State
from tests.console.conftest import hidden
from tests.console.seed import Seed

FIRST, SECOND = "payer:INS-2001", "payer:INS-2002"
FORMS = ("/console/queue/confirm", "/console/queue/resend", "/console/queue/stop")


@dataclass
class Lost:
    """A gateway in which something waits for a person."""

    database: Database
    dead: str
    unknown: str
    elsewhere: str
    answered: str

    async def state(self, exchange_id: str) -> State:
        async with self.database.read() as unit:
            found = await exchanges.find(unit, exchange_id)
        assert found
        return found.state


@pytest_asyncio.fixture
async def lost(database: Database, clock: ManualClock) -> Lost:
    seed = Seed(clock.now())
    seed.parties()
    dead = seed.exchange(State.GIVEN_UP, ago=500_000, reason="given up after 5 days")
    seed.attempt(dead, ago=4000, closed=3999, outcome="refused", detail="ConnectError")
    unknown = seed.exchange(State.UNCONFIRMED, ago=600, due=60)
    seed.attempt(unknown, ago=600, closed=590, outcome="silent")
    elsewhere = seed.exchange(State.GIVEN_UP, SECOND, ago=100)
    answered = seed.exchange(State.ANSWERED, ago=50, by="insurer")
    await seed.write(database)
    return Lost(database, dead, unknown, elsewhere, answered)


async def test_a_stranger_sees_no_queue(stranger: httpx.AsyncClient, lost: Lost) -> None:
    answer = await stranger.get("/console/queue")
    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["location"] == "/console/sign-in?next=/queue"


@pytest.mark.parametrize("path", FORMS)
async def test_a_stranger_and_a_viewer_have_nothing_sent(
    viewer: httpx.AsyncClient, lost: Lost, path: str
) -> None:
    page = (await viewer.get("/console/queue", params={"insurer": FIRST})).text
    assert "Send the chosen again" not in page
    assert "checkbox" not in page
    fields = {"csrf": hidden(page, "csrf"), "insurer": FIRST, f"id.{lost.dead}": "on", "reason": "x"}
    assert (await viewer.post(path, data=fields)).status_code == 403
    viewer.cookies.clear()
    assert (await viewer.post(path, data=fields)).headers["location"] == "/console/sign-in"
    assert await lost.state(lost.dead) is State.GIVEN_UP


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_made_elsewhere_sends_nothing(
    operator: httpx.AsyncClient, lost: Lost, path: str
) -> None:
    fields = {"csrf": "0" * 64, "insurer": FIRST, f"id.{lost.dead}": "on", "reason": "x"}
    assert (await operator.post(path, data=fields)).status_code == 403
    assert await lost.state(lost.dead) is State.GIVEN_UP


async def test_the_queue_is_shown_by_insurer_and_state(viewer: httpx.AsyncClient, lost: Lost) -> None:
    def shown(page: str) -> set[str]:
        return set(re.findall(r"/console/exchanges/([0-9a-f-]{36})", page))

    page = (await viewer.get("/console/queue")).text
    assert shown(page) == {lost.dead, lost.unknown, lost.elsewhere}
    page = (await viewer.get("/console/queue", params={"insurer": FIRST, "state": "given-up"})).text
    assert shown(page) == {lost.dead}
    assert "given up after 5 days" in page
    assert "last try: refused (ConnectError)" in page
    page = (await viewer.get("/console/queue", params={"insurer": "payer:X", "state": "answered"})).text
    assert shown(page) == {lost.dead, lost.unknown, lost.elsewhere}
    page = (await viewer.get("/console/queue", params={"insurer": FIRST, "state": "held"})).text
    assert "Nothing waits here." in page


async def test_what_would_happen_is_shown_first_then_it_is_done_and_can_be_stopped(
    operator: httpx.AsyncClient, lost: Lost
) -> None:
    page = (await operator.get("/console/queue", params={"insurer": FIRST})).text
    assert f'name="id.{lost.dead}"' in page
    fields = {"csrf": hidden(page, "csrf"), "insurer": FIRST}
    assert (await operator.post("/console/queue/confirm", data=fields)).status_code == 400
    fields |= {f"id.{one}": "on" for one in (lost.dead, lost.answered, lost.elsewhere)}
    page = (await operator.post("/console/queue/confirm", data=fields)).text
    assert "Send 1 of 3 again to INS-2001?" in page
    assert "not sent: it is answered" in page
    assert await lost.state(lost.dead) is State.GIVEN_UP
    without = await operator.post("/console/queue/resend", data=fields)
    assert without.status_code == 422
    assert "Say why" in without.text
    done = await operator.post("/console/queue/resend", data=fields | {"reason": "they are back"})
    assert done.headers["location"] == "/console/queue?insurer=payer%3AINS-2001"
    assert await lost.state(lost.dead) is State.HELD
    page = (await operator.get(f"/console/exchanges/{lost.dead}")).text
    for told in ("Again, by operators", "they are back", "omar", "sent again"):
        assert told in page
    page = (await operator.get(done.headers["location"])).text
    assert "is being sent something again" in page
    stop = {"csrf": fields["csrf"], "insurer": FIRST}
    for _ in range(2):
        assert (await operator.post("/console/queue/stop", data=stop)).status_code == 303
    assert await lost.state(lost.dead) is State.GIVEN_UP
    async with lost.database.read() as unit:
        [(order, size)] = await redrives.listed(unit, FIRST, 10)
    assert (order.made_by, order.stopped_by, size) == ("omar", "omar", 1)


async def test_all_that_is_shown_is_chosen_with_one_button(operator: httpx.AsyncClient, lost: Lost) -> None:
    page = (await operator.get("/console/queue", params={"insurer": FIRST})).text
    shown = dict.fromkeys(re.findall(r'name="(shown\.[0-9a-f-]{36})"', page), "on")
    fields = {"csrf": hidden(page, "csrf"), "insurer": FIRST, "all": "on", **shown}
    page = (await operator.post("/console/queue/confirm", data=fields)).text
    assert "Send 2 of 2 again to INS-2001?" in page


async def test_one_exchange_is_sent_again_from_its_page(operator: httpx.AsyncClient, lost: Lost) -> None:
    page = (await operator.get(f"/console/exchanges/{lost.unknown}")).text
    fields = {"csrf": hidden(page, "csrf"), "insurer": FIRST, f"id.{lost.unknown}": "on"}
    assert f'name="id.{lost.unknown}"' in page
    assert "Send 1 of 1 again" in (await operator.post("/console/queue/confirm", data=fields)).text
    assert "/console/queue/confirm" not in (await operator.get(f"/console/exchanges/{lost.answered}")).text


@pytest.mark.parametrize("name", ["id.x", "id.", "id.*\x00"])
async def test_what_is_no_id_is_refused(operator: httpx.AsyncClient, lost: Lost, name: str) -> None:
    csrf = hidden((await operator.get("/console/queue")).text, "csrf")
    for insurer in (FIRST, "*\x00"):
        fields = {"csrf": csrf, "insurer": insurer, name: "on", "reason": "x"}
        assert (await operator.post("/console/queue/resend", data=fields)).status_code == 400
