"""What do the pages show, and what do they keep to themselves?"""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, text
from starlette.applications import Starlette
from starlette.routing import Mount
from structlog.testing import capture_logs

from claimgw.access.operators import Operators
from claimgw.access.registration import block, change, enter
from claimgw.clock import ManualClock
from claimgw.console import create_console
from claimgw.store.database import Database
from claimgw.store.participants import add_participant
from claimgw.store.pauses import EVERYWHERE, Pause, PauseKind, set_pause
from claimgw.store.records import State
from claimgw.store.tables import body
from tests.access.registered import insurer
from tests.console.conftest import browser, hidden
from tests.console.seed import Seed, a_bad_day


async def seeded(database: Database, clock: ManualClock) -> str:
    seed = Seed(clock.now())
    held = a_bad_day(seed)
    await seed.write(database)
    return held


def figure(page: str, word: str) -> str:
    found = re.search(rf'data-figure="{word}">([^<]*)<', page)
    assert found
    return found[1]


async def test_the_overview_tells_what_waits_and_why(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    await seeded(database, clock)
    page = (await viewer.get("/console/")).text
    assert (figure(page, "Held"), figure(page, "Unknown"), figure(page, "In flight")) == ("1,240", "5", "6")
    assert "connection refused; attempt 7 failed" in page
    assert ">3 h<" in page
    assert "in 48 s" in page
    assert "King&#39;s Road Dental Centre" in page
    assert page.index("Al-Waha Cooperative") < page.index("شركة الأمان")  # trouble first


async def test_the_overview_tells_the_hours_of_an_insurer(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    closed = {"begins": "2020-01-01", "ends": "2090-01-01", "reason": "wound up"}
    async with database.write() as unit:
        await add_participant(unit, insurer(settings={"hours": {"closures": [closed]}}))
    page = (await viewer.get("/console/")).text
    assert "not accepting at the moment; no opening is known" in page
    assert "What comes is held until the insurer opens" in page


async def test_today_begins_at_midnight_in_riyadh_and_the_page_says_so(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    midnight = clock.now().replace(hour=21) - timedelta(days=1)
    for seconds in (-1, 0, 1):
        ago = (clock.now() - midnight).total_seconds() - seconds
        seed.exchange(State.HELD, ago=ago, due=60)
    await seed.write(database)
    page = (await viewer.get("/console/")).text
    assert figure(page, "Accepted today") == "2"
    assert "today: since midnight in Riyadh" in page


async def test_the_page_of_a_participant_tells_who_changed_what_and_when(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    before = insurer(name="<b>Falcon</b>")
    async with database.write() as unit:
        await enter(unit, before, "omar")
        clock.advance(60)
        after = replace(before, settings={"most_in_flight": 1, "webhook_secret": "whsec_x"})
        await change(unit, before, after, "aida", clock.now())
        clock.advance(60)
        await block(unit, after, "licence withdrawn", "<i>omar</i>", clock.now())
    page = (await viewer.get(f"/console/participants/{before.licence}")).text
    for told in ("licence withdrawn", "settings.most_in_flight", "aida", "(not shown)", "1 min ago"):
        assert told in page, told
    for never in ("whsec_x", "<b>Falcon", "<i>omar"):
        assert never not in page
    assert page.index("blocked_reason") < page.index("settings.most_in_flight") < page.index("endpoint")
    assert '/console/participants/payer%3AINS-2001"' in (await viewer.get("/console/")).text


async def test_the_page_of_an_insurer_tells_why_it_is_sent_nothing(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    async with database.write() as unit:
        await add_participant(unit, insurer())
        await set_pause(unit, Pause(EVERYWHERE, "moving house", clock.now(), "aida", PauseKind.DRAIN))
    page = (await viewer.get("/console/participants/payer:INS-2001")).text
    for told in ("moving house", "Drained", "aida", "No change is on record."):
        assert told in page, told


@pytest.mark.parametrize("licence", ["payer:NOBODY", "%00", "a%0Ab", "x" * 500])
async def test_a_participant_that_is_none_has_no_page(viewer: httpx.AsyncClient, licence: str) -> None:
    assert (await viewer.get(f"/console/participants/{licence}")).status_code == 404


async def test_an_empty_gateway_says_what_to_do_next(viewer: httpx.AsyncClient) -> None:
    page = (await viewer.get("/console/")).text
    assert figure(page, "Held") == "0"
    for told in ("No insurer is registered yet.", "claimgw participants add", "Nothing has come in yet."):
        assert told in page


async def test_the_live_part_is_sent_again_only_when_something_changed(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    await seeded(database, clock)
    page = await viewer.get("/console/")
    tag = page.headers["etag"]
    clock.advance(30)
    quiet = await viewer.get("/console/live", headers={"If-None-Match": tag})
    # Half a minute on, everything is older and nothing else is different: browsers count time themselves.
    assert (quiet.status_code, quiet.content, quiet.headers["etag"]) == (304, b"", tag)
    assert int(quiet.headers["x-claimgw-now"]) == int(clock.now().timestamp() * 1000)
    seed = Seed(clock.now(), _count=5000)
    new = seed.exchange(State.REFUSED, ago=0, reason="refused with 1 finding", by="gateway")
    await seed.write(database)
    clock.advance(2)
    fresh = await viewer.get("/console/live", headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != tag
    assert f"/console/exchanges/{new}" in fresh.text
    assert "<html" not in fresh.text


async def test_one_look_serves_all_who_watch_within_a_second(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    tag = (await viewer.get("/console/")).headers["etag"]
    await seeded(database, clock)
    assert (await viewer.get("/console/live", headers={"If-None-Match": tag})).status_code == 304
    clock.advance(1)
    assert (await viewer.get("/console/live", headers={"If-None-Match": tag})).status_code == 200


async def test_an_exchange_shows_its_attempts_and_messages(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    held = await seeded(database, clock)
    answer = await operator.get(f"/console/exchanges/{held}")
    page = answer.text
    assert page.count("it cannot have arrived") >= 7
    assert "Refused" in page
    assert "claim-response" in page
    assert "Show content" in page
    assert "100.00" not in page
    live = await operator.get(
        f"/console/exchanges/{held}/live", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert live.status_code == 304


async def test_reading_a_message_takes_a_click_and_is_written_down(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    held = await seeded(database, clock)
    csrf = hidden((await operator.get("/console/")).text, "csrf")
    path, data = f"/console/exchanges/{held}/content", {"message": held, "csrf": csrf}
    assert (await operator.get(path)).status_code == 405
    with capture_logs() as logs:
        page = (await operator.post(path, data=data)).text
    assert "&#34;total&#34;: 100.00" in page
    assert [entry for entry in logs if entry["event"] == "message read"] == [
        {"event": "message read", "log_level": "info", "operator": "omar", "exchange": held, "message": held}
    ]


async def test_a_message_is_shown_only_with_its_own_exchange(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    one, other = seed.exchange(State.QUEUED), seed.exchange(State.QUEUED)
    await seed.write(database)
    csrf = hidden((await operator.get("/console/")).text, "csrf")
    data = {"message": other, "csrf": csrf}
    assert (await operator.post(f"/console/exchanges/{one}/content", data=data)).status_code == 404


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"\xff\x00<script>", "\ufffd\x00&lt;script&gt;"),
        (b'{"n":1.10,"a":[]}', "&#34;n&#34;: 1.10"),
        (b"[" * 5000, "[[[["),
        (b"x" * 500_000, "Only the beginning is shown"),
    ],
    ids=["not text", "decimals", "deep", "long"],
)
async def test_whatever_was_kept_can_be_shown(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock, content: bytes, shown: str
) -> None:
    seed = Seed(clock.now())
    request = seed.exchange(State.QUEUED)
    odd = seed.message(
        "claim-response", "payer:INS-2001", "provider:PR-1001", ago=1, of=request, content=content
    )
    await seed.write(database)
    csrf = hidden((await operator.get("/console/")).text, "csrf")
    data = {"message": odd, "csrf": csrf}
    assert shown in (await operator.post(f"/console/exchanges/{request}/content", data=data)).text


async def test_a_message_whose_bytes_are_gone_says_so(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    request = seed.exchange(State.QUEUED)
    await seed.write(database)
    async with database.write() as unit:
        await unit.execute(delete(body))
    csrf = hidden((await operator.get("/console/")).text, "csrf")
    data = {"message": request, "csrf": csrf}
    page = (await operator.post(f"/console/exchanges/{request}/content", data=data)).text
    assert "no longer kept" in page


@pytest.mark.parametrize(
    "path",
    [
        "/console/nothing",
        "/console/static/nothing.css",
        "/console/exchanges/00000000-0000-4000-8000-000000000000",
        "/console/exchanges/'%20OR%201=1",
        "/console/exchanges/00000000000040008000000000000000",
    ],
)
async def test_an_unknown_page_is_a_proper_404(viewer: httpx.AsyncClient, path: str) -> None:
    answer = await viewer.get(path)
    assert answer.status_code == 404
    assert "There is no such page." in answer.text
    assert "/console/static/console.css" in answer.text


async def test_names_from_outside_cannot_become_markup(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties({"payer:X": "<script>alert(1)</script>"}, {"provider:Y": '"><img src=x>'})
    seed.exchange(State.HELD, "payer:X", "provider:Y", due=5, reason="<b>bold</b>")
    await seed.write(database)
    page = (await viewer.get("/console/")).text
    for raw in ("<script>alert", "<img", "<b>"):
        assert raw not in page


@pytest.mark.parametrize(
    "path", ["/console/", "/console/sign-in", "/console/nothing", "/console/static/console.js"]
)
async def test_every_answer_ties_the_browsers_hands(stranger: httpx.AsyncClient, path: str) -> None:
    headers = (await stranger.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_pages_are_never_kept_and_files_only_under_their_version(viewer: httpx.AsyncClient) -> None:
    page = await viewer.get("/console/")
    assert page.headers["cache-control"] == "no-store"
    found = re.search(r'href="(/console/static/console\.css\?v=\w+)"', page.text)
    assert found
    versioned = await viewer.get(found[1])
    assert "immutable" in versioned.headers["cache-control"]
    plain = await viewer.get("/console/static/console.css")
    assert plain.headers["cache-control"] == "no-cache"
    again = await viewer.get("/console/static/console.css", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_page_and_no_file_names_another_host() -> None:
    import claimgw.console

    folder = Path(claimgw.console.__file__).parent
    for file in [*folder.glob("templates/*"), *folder.glob("static/*")]:
        found = set(re.findall(r"(?:https?:)?//[\w.]+", file.read_text())) - {"http://www.w3.org"}
        assert not {address for address in found if "." in address}, file.name


async def test_when_the_database_is_away_the_page_says_so_and_no_more(
    tmp_path: Path, clock: ManualClock
) -> None:
    database = Database(f"sqlite:///{tmp_path}/no-such-folder/claimgw.db")
    console = create_console(database=database, operators=Operators(database, clock), clock=clock)
    async with browser(Starlette(routes=[Mount("/console", console)])) as client:
        client.cookies.set("claimgw_console", "any")
        answer = await client.get("/console/")
    await database.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "The database does not answer." in answer.text
    assert "no-such-folder" not in answer.text
    assert "sqlite" not in answer.text.lower()


async def test_a_fault_of_ours_is_shown_without_its_insides(
    viewer: httpx.AsyncClient, database: Database
) -> None:
    async with database.write() as unit:
        await unit.execute(text("ALTER TABLE operator_session RENAME TO elsewhere"))
    answer = await viewer.get("/console/")
    assert answer.status_code in (500, 503)
    assert "operator_session" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
