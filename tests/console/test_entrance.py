"""Who gets into the console, and who does not?"""

from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from claimgw.access.keys import key_digest, new_key
from claimgw.access.operators import SESSION_LASTS, Operators
from claimgw.clock import ManualClock
from claimgw.console import create_console
from claimgw.ids import new_id
from claimgw.store.credentials import Credential, CredentialKind, add_credential
from claimgw.store.database import Database
from claimgw.store.operators import disable_operator
from claimgw.store.pauses import EVERYWHERE, Pause, all_pauses, set_pause
from claimgw.store.records import State
from tests.console.conftest import PASSWORD, browser, hidden, sign_in
from tests.console.seed import Seed

NOBODY = "00000000-0000-4000-8000-000000000000"
PAGES = ("/console/", f"/console/exchanges/{NOBODY}")
FORMS = ("/console/resume", "/console/sign-out", f"/console/exchanges/{NOBODY}/content")


async def pause(database: Database, clock: ManualClock) -> None:
    async with database.write() as unit:
        await set_pause(unit, Pause(EVERYWHERE, "restored from a backup", clock.now(), "gateway"))


async def paused(database: Database) -> bool:
    async with database.read() as unit:
        return bool(await all_pauses(unit))


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_is_sent_to_sign_in(stranger: httpx.AsyncClient, path: str) -> None:
    answer = await stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")
    assert not answer.content


@pytest.mark.parametrize("path", ["/console/live", f"/console/exchanges/{NOBODY}/live"])
async def test_a_stranger_gets_no_live_part(stranger: httpx.AsyncClient, path: str) -> None:
    answer = await stranger.get(path)
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("path", FORMS)
async def test_a_stranger_changes_nothing(
    stranger: httpx.AsyncClient, database: Database, clock: ManualClock, path: str
) -> None:
    await pause(database, clock)
    answer = await stranger.post(path, data={"scope": EVERYWHERE, "csrf": ""})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in"
    assert await paused(database)


async def test_a_participants_key_never_opens_the_console(
    stranger: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed, key = Seed(clock.now()), new_key()
    seed.parties()
    await seed.write(database)
    digest = key_digest(key)
    assert digest
    async with database.write() as unit:
        await add_credential(
            unit,
            Credential(
                id=new_id(clock.now()),
                kind=CredentialKind.KEY,
                label="clinic",
                digest=digest,
                licences=frozenset({"provider:PR-1001"}),
                created_at=clock.now(),
            ),
        )
    stranger.cookies.set("claimgw_console", key)
    for path in PAGES:
        assert (await stranger.get(path, headers={"Authorization": f"Bearer {key}"})).status_code == 303
    assert (await sign_in(stranger, "provider:PR-1001", key)).status_code == 401


@pytest.mark.parametrize(
    ("name", "password"), [("omar", "wrong horse battery"), ("nobody", PASSWORD), ("", "")]
)
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    stranger: httpx.AsyncClient, name: str, password: str
) -> None:
    answer = await sign_in(stranger, name, password)
    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert "claimgw_console" not in stranger.cookies
    if name:
        assert f'"{name}"' not in answer.text


async def test_guessing_has_to_wait(stranger: httpx.AsyncClient, clock: ManualClock) -> None:
    for _ in range(5):
        await sign_in(stranger, "omar", "wrong horse battery")
    refused = await sign_in(stranger, "omar")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    clock.advance(1)
    assert (await sign_in(stranger, "omar")).status_code == 303


async def test_a_sign_in_form_made_elsewhere_is_refused(stranger: httpx.AsyncClient) -> None:
    await stranger.get("/console/sign-in")
    for form in ("", "made-up"):
        answer = await stranger.post(
            "/console/sign-in", data={"name": "omar", "password": PASSWORD, "form": form}
        )
        assert answer.status_code == 403
        assert "claimgw_console" not in stranger.cookies


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(stranger: httpx.AsyncClient) -> None:
    sent = await stranger.get(PAGES[1])
    page = (await stranger.get(sent.headers["location"])).text
    data = {"name": "vera", "password": PASSWORD, "form": hidden(page, "form"), "next": hidden(page, "next")}
    assert (await stranger.post("/console/sign-in", data=data)).headers["location"] == PAGES[1]


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "/exchanges/x"]
)
async def test_signing_in_never_leads_elsewhere(stranger: httpx.AsyncClient, wanted: str) -> None:
    page = (await stranger.get("/console/sign-in", params={"next": wanted})).text
    assert hidden(page, "next") == "/"
    data = {"name": "vera", "password": PASSWORD, "form": hidden(page, "form"), "next": wanted}
    assert (await stranger.post("/console/sign-in", data=data)).headers["location"] == "/console/"


async def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(
    stranger: httpx.AsyncClient,
) -> None:
    cookie = (await sign_in(stranger, "vera")).headers["set-cookie"].lower()
    assert cookie.startswith("claimgw_console=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "domain=" not in cookie
    assert "secure" not in cookie


@pytest.mark.parametrize(
    ("site", "https"), [("https://gateway.example", False), ("http://gateway.example", True)]
)
async def test_by_tls_cookies_are_bound_to_the_host(
    database: Database, operators: Operators, accounts: None, clock: ManualClock, site: str, https: bool
) -> None:
    console = create_console(database=database, operators=operators, clock=clock, https=https)
    async with browser(Starlette(routes=[Mount("/console", console)]), site) as client:
        form = await client.get("/console/sign-in")
        kept = form.headers["set-cookie"]
        data = {"name": "vera", "password": PASSWORD, "form": hidden(form.text, "form")}
        headers = {"Cookie": kept.partition(";")[0]}
        answer = await client.post("/console/sign-in", data=data, headers=headers)
    assert kept.startswith("__Host-claimgw_signin=")
    assert answer.headers["set-cookie"].startswith("__Host-claimgw_console=")
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_an_expired_session_is_none(viewer: httpx.AsyncClient, clock: ManualClock) -> None:
    assert (await viewer.get("/console/")).status_code == 200
    clock.advance(SESSION_LASTS / timedelta(seconds=1))
    assert (await viewer.get("/console/")).status_code == 303
    assert (await viewer.get("/console/live")).status_code == 401


async def test_a_disabled_account_is_out_at_once(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    async with database.write() as unit:
        await disable_operator(unit, "vera", clock.now())
    assert (await viewer.get("/console/")).status_code == 303
    assert (await sign_in(viewer, "vera")).status_code == 401


async def test_signing_out_ends_the_session_even_for_a_copied_cookie(viewer: httpx.AsyncClient) -> None:
    token = viewer.cookies["claimgw_console"]
    csrf = hidden((await viewer.get("/console/")).text, "csrf")
    assert (await viewer.post("/console/sign-out", data={"csrf": csrf})).headers[
        "location"
    ] == "/console/sign-in"
    assert "claimgw_console" not in viewer.cookies
    viewer.cookies.set("claimgw_console", token)
    assert (await viewer.get("/console/")).status_code == 303


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_without_the_sessions_token_is_refused(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock, path: str
) -> None:
    await pause(database, clock)
    for csrf in ("", "0" * 64, "é"):
        answer = await operator.post(path, data={"scope": EVERYWHERE, "csrf": csrf})
        assert answer.status_code == 403
    assert await paused(database)
    assert (await operator.get("/console/")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
async def test_a_form_from_another_site_is_refused_even_with_the_token(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock, headers: dict[str, str]
) -> None:
    await pause(database, clock)
    csrf = hidden((await operator.get("/console/")).text, "csrf")
    data = {"scope": EVERYWHERE, "csrf": csrf}
    assert (await operator.post("/console/resume", data=data, headers=headers)).status_code == 403
    assert await paused(database)


async def test_a_viewer_sees_the_pause_and_cannot_end_it(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    await pause(database, clock)
    page = (await viewer.get("/console/")).text
    assert "Delivery is paused for all insurers" in page
    assert "Resume delivery" not in page
    data = {"scope": EVERYWHERE, "csrf": hidden(page, "csrf")}
    assert (await viewer.post("/console/resume", data=data)).status_code == 403
    assert await paused(database)


async def test_an_operator_ends_a_pause_and_sees_it_gone(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    await pause(database, clock)
    page = (await operator.get("/console/")).text
    data = {"scope": hidden(page, "scope"), "csrf": hidden(page, "csrf")}
    for _ in range(2):  # a second click is no fault
        assert (await operator.post("/console/resume", data=data)).status_code == 303
    assert not await paused(database)
    assert "Delivery is paused" not in (await operator.get("/console/")).text


async def test_a_scope_no_database_can_hold_ends_nothing(
    operator: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    await pause(database, clock)
    csrf = hidden((await operator.get("/console/")).text, "csrf")
    answer = await operator.post("/console/resume", data={"scope": "*\x00", "csrf": csrf})
    assert answer.status_code == 303
    assert await paused(database)


async def test_only_operators_read_what_messages_say(
    viewer: httpx.AsyncClient, database: Database, clock: ManualClock
) -> None:
    seed = Seed(clock.now())
    seed.parties()
    request = seed.exchange(State.ANSWERED)
    await seed.write(database)
    page = (await viewer.get(f"/console/exchanges/{request}")).text
    assert "Show content" not in page
    assert "100.00" not in page
    data = {"message": request, "csrf": hidden(page, "csrf")}
    answer = await viewer.post(f"/console/exchanges/{request}/content", data=data)
    assert answer.status_code == 403
    assert "100.00" not in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"csrf=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(200)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
    ],
)
async def test_what_is_no_form_of_ours_gets_a_clear_answer(
    operator: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await operator.post("/console/resume", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "text/html" in answer.headers["content-type"]
