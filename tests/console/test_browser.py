"""Does the console work for a person at a browser: live, by keyboard, narrow, light and dark, on its own?"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from claimgw.access.operators import Operators, Role, hash_password
from claimgw.access.registration import change
from claimgw.clock import SystemClock
from claimgw.console import create_console
from claimgw.store.alerts import Kind, raise_alert
from claimgw.store.database import Database
from claimgw.store.operators import OperatorRecord, add_operator
from claimgw.store.participants import find_participant
from claimgw.store.pauses import EVERYWHERE, Pause, set_pause
from claimgw.store.records import State
from tests.console.conftest import HASHER, PASSWORD
from tests.console.seed import Seed, a_bad_day

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
WIDE, NARROW, NARROWEST = (1440, 900), (390, 844), (360, 740)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium"),
]


@dataclass
class House:
    """A gateway with a console that listens on loopback. `address` is the console's."""

    database: Database
    port: int
    server: uvicorn.Server
    running: asyncio.Task[None]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/console"

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.running


@dataclass
class Visit:
    """A page of somebody signed in, and everything that must not happen while it is open."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda told: self.complaints.append(f"{told.type}: {told.text}"))
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        self.page.on("request", lambda asked: self.note(asked.url))

    def note(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1":
            self.strangers.append(url)


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    """Empty, but for the operator omar."""
    database = Database(f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'claimgw.db')}")
    clock = SystemClock()
    async with database.write() as unit:
        account = OperatorRecord("omar", Role.OPERATOR.value, hash_password(PASSWORD, HASHER), clock.now())
        await add_operator(unit, account)
    console = create_console(database=database, operators=Operators(database, clock, HASHER), clock=clock)
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Mount("/console", console)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    house = House(database, listener.getsockname()[1], server, running)
    yield house
    await house.stop()
    await database.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One program for all; each visit has cookies and a store of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        await browser.close()


@asynccontextmanager
async def visit(
    chromium: Browser,
    house: House,
    *,
    dark: bool = False,
    scripts: bool = True,
) -> AsyncIterator[Visit]:
    """Sign in and look at the overview; nothing may have gone wrong at the end."""
    context = await chromium.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    seen = Visit(await context.new_page())
    seen.watch()
    await seen.page.goto(f"{house.address}/")
    await seen.page.get_by_label("Name").fill("omar")
    await seen.page.get_by_label("Password").fill(PASSWORD)
    await seen.page.get_by_role("button", name="Sign in").click()
    await expect(seen.page.locator(".band")).to_be_visible()
    yield seen
    await context.close()
    assert seen.complaints == []
    assert seen.strangers == []


async def a_bad_day_at(house: House) -> None:
    now = datetime.now(UTC)
    seed = Seed(now)
    a_bad_day(seed)
    await seed.write(house.database)
    down, full = "شركة الأمان (payer:INS-2005) is taken for down: no answer.", "Only 300 MB are free on db-1."
    async with house.database.write() as unit:
        since = now - timedelta(hours=3)
        await raise_alert(unit, Kind.INSURER_DOWN, "payer:INS-2005", down, {"times": 3}, since)
        await raise_alert(unit, Kind.DISK, "db-1:/var/lib/claimgw", full, {}, now)


async def changed_twice(house: House) -> None:
    """The policy, the hours and the limits of an insurer."""
    weekly = {"sun": ["08:00-17:00"], "mon": ["08:00-17:00"], "tue": ["08:00-12:00", "13:00-17:00"]}
    async with house.database.write() as unit:
        before = await find_participant(unit, "payer:INS-2001")
        assert before is not None
        once = replace(before, settings={"hours": {"weekly": weekly}, "most_in_flight": 2})
        twice = replace(once, settings={"delivery": {"waits": [10, 60, 300]}, "most_in_flight": 8})
        now = datetime.now(UTC)
        await change(unit, before, once, "omar", now - timedelta(days=3))
        await change(unit, once, twice, "نورة", now - timedelta(minutes=4))


async def one_more(house: House, reason: str, count: int = 90_000) -> str:
    seed = Seed(datetime.now(UTC), _count=count)
    new = seed.exchange(State.HELD, ago=0, due=60, reason=reason)
    await seed.write(house.database)
    return new


def screenshots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("CLAIMGW_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def test_what_happens_appears_without_a_reload_and_leaves_the_focus_alone(
    house: House, chromium: Browser
) -> None:
    await a_bad_day_at(house)
    async with visit(chromium, house) as seen:
        page = seen.page
        await page.evaluate("window.mark = 'not reloaded'")
        await page.locator("#filterable a").nth(7).focus()
        focused = await page.evaluate("document.activeElement.href")
        scrolled = await page.evaluate("Math.round(scrollY)")
        assert scrolled > 0
        new = await one_more(house, "closed until tomorrow")
        await expect(page.locator(f'#filterable [data-key="{new}"]')).to_contain_text("closed until tomorrow")
        await expect(page.locator("[data-figure='Held']")).to_have_text("1,241")
        await expect(page).to_have_title("(1,241 held) Overview · claimgw")
        await expect(page.locator("#announce")).to_contain_text("Held 1,241, was 1,240")
        assert await page.evaluate("document.activeElement.href") == focused
        assert await page.evaluate("window.mark") == "not reloaded"


async def test_relative_times_are_said_alike_by_server_and_browser(house: House, chromium: Browser) -> None:
    seed = Seed(datetime.now(UTC))
    seed.parties()
    for ago in (30, 300, 3_700, 7_200, 100_000, 200_000, 1_000_000):
        seed.exchange(State.HELD, ago=ago, due=ago, reason="closed")
    await seed.write(house.database)
    async with visit(chromium, house) as seen:
        wanted = "[...document.querySelectorAll('#filterable time')].map(t => t.textContent)"
        by_browser = await seen.page.evaluate(f"(tick(), {wanted})")
        async with visit(chromium, house, scripts=False) as plain:
            by_server = await plain.page.locator("#filterable time").all_text_contents()
    # Seconds pass between the two pages; minutes and more do not, by the choice of ages above.
    coarse = [text for text in by_server if not text.endswith(("s", "s ago"))]
    assert len(coarse) == 12
    assert [text for text in by_browser if not text.endswith(("s", "s ago"))] == coarse


async def test_the_filter_and_the_keys_find_an_exchange(house: House, chromium: Browser) -> None:
    await a_bad_day_at(house)
    await one_more(house, "a very special reason")
    async with visit(chromium, house) as seen:
        page, rows = seen.page, seen.page.locator("#filterable [data-row]:visible")
        await expect(rows).to_have_count(50)
        await page.keyboard.press("/")
        await page.keyboard.type("special HELD")
        await expect(rows).to_have_count(1)
        await expect(page.locator("#shown")).to_have_text("1")
        await one_more(house, "another special reason", count=91_000)
        await expect(rows).to_have_count(2)  # the filter holds for what arrives later
        await page.keyboard.type(" nothing like it")
        await expect(page.locator("#no-match")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(rows).to_have_count(50)
        await page.keyboard.press("j")
        first = await page.evaluate("document.activeElement.textContent")
        await page.keyboard.press("j")
        assert await page.evaluate("document.activeElement.textContent") != first
        await page.keyboard.press("k")
        assert await page.evaluate("document.activeElement.textContent") == first
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Attempts to deliver")).to_be_visible()
        await page.keyboard.press("o")
        await expect(page.locator(".band")).to_be_visible()


async def test_a_gateway_that_is_gone_leaves_a_page_that_says_since_when(
    house: House, chromium: Browser
) -> None:
    async with visit(chromium, house) as seen:
        await house.stop()
        await expect(seen.page.locator("#stale")).to_contain_text("Stale since")
        await expect(seen.page.locator("#pulse-word")).to_have_text("Stale")
        refused = [told for told in seen.complaints if "ERR_CONNECTION_REFUSED" in told]
        seen.complaints = [told for told in seen.complaints if told not in refused]


async def test_a_hidden_page_rests_and_catches_up_when_it_is_shown(house: House, chromium: Browser) -> None:
    async with visit(chromium, house) as seen:
        hide = (
            "value => { Object.defineProperty(document, 'hidden', {value, configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')) }"
        )
        await seen.page.evaluate(hide, True)
        await expect(seen.page.locator("#pulse-word")).to_have_text("Resting")
        new = await one_more(house, "while nobody looked")
        await seen.page.evaluate(hide, False)
        await expect(seen.page.locator(f'[data-key="{new}"]')).to_be_visible()
        await expect(seen.page.locator("#pulse-word")).to_have_text("Live")


async def test_whoever_is_signed_out_elsewhere_is_told(house: House, chromium: Browser) -> None:
    async with visit(chromium, house) as seen:
        await seen.page.context.clear_cookies()
        await expect(seen.page.locator("#stale")).to_contain_text("You are signed out.")
        await seen.page.get_by_role("link", name="Sign in again").click()
        await expect(seen.page.get_by_role("heading", name="Sign in")).to_be_visible()
        seen.complaints = [told for told in seen.complaints if "401" not in told]


async def test_an_operator_resumes_delivery_and_reads_a_message(house: House, chromium: Browser) -> None:
    await a_bad_day_at(house)
    async with house.database.write() as unit:
        now = datetime.now(UTC)
        await set_pause(unit, Pause(EVERYWHERE, "restored from a backup", now, "gateway"))
    async with visit(chromium, house) as seen:
        await seen.page.get_by_role("button", name="Resume delivery").click()
        await expect(seen.page.locator(".notice.stop")).to_have_count(0)
        await seen.page.locator("#filterable a").first.click()
        await seen.page.get_by_role("button", name="Show content").first.click()
        await expect(seen.page.locator("pre.content")).to_contain_text('"total": 100.00')


async def test_everything_is_there_without_scripts(house: House, chromium: Browser) -> None:
    await a_bad_day_at(house)
    async with visit(chromium, house, scripts=False) as seen:
        await expect(seen.page.locator("#filterable [data-row]")).to_have_count(50)
        await expect(seen.page.locator("#filter")).to_be_hidden()
        await expect(seen.page.locator("noscript meta[http-equiv=refresh]")).to_have_count(1)
        await seen.page.locator("#filterable a").first.click()
        await expect(seen.page.get_by_role("heading", name="Attempts to deliver")).to_be_visible()


# Text against the ground it stands on, WCAG 2 §1.4.3: what is below 4.5 (3 for large type).
TOO_FAINT = """() => {
  const channel = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const ground = e => {
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if ((c[3] ?? 1) === 1) return c; }
    return [255, 255, 255];
  };
  const faint = [];
  for (const e of document.querySelectorAll('body *:not(svg *)')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.closest('.sr, .skip, noscript')) continue;
    const s = getComputedStyle(e), [a, b] = [light(parse(s.color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < (parseFloat(s.fontSize) >= 24 ? 3 : 4.5)) faint.push(`${e.className} ${e.textContent.trim()} ${ratio.toFixed(2)}`);
  }
  return faint;
}"""  # noqa: E501  (one script, kept as it would stand in a file of its own)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_fits_and_can_be_read(
    house: House, chromium: Browser, tmp_path: Path, dark: bool
) -> None:
    folder = screenshots(tmp_path)

    async def look(page: Page, what: str) -> None:
        for width, height in (WIDE, NARROW, NARROWEST):
            await page.set_viewport_size({"width": width, "height": height})
            name = f"{what}-{width}-{'dark' if dark else 'light'}.png"
            await page.screenshot(path=folder / name, full_page=what != "bad-day")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert await page.evaluate(TOO_FAINT) == [], what

    async with visit(chromium, house, dark=dark) as seen:
        await look(seen.page, "empty")
        await a_bad_day_at(house)
        await expect(seen.page.locator("[data-figure='Held']")).to_have_text("1,240")
        await expect(seen.page.locator(".changed")).to_have_count(0)
        await look(seen.page, "bad-day")
        await seen.page.locator("#filterable [data-row]", has_text="Held").locator("a").first.click()
        await expect(seen.page.locator(".facts").first).to_be_visible()
        await look(seen.page, "exchange")
        await seen.page.get_by_role("link", name="INV-2026-0042").click()
        await expect(seen.page.get_by_label("Identifier")).to_have_value("INV-2026-0042")
        await look(seen.page, "search")
        await changed_twice(house)
        await seen.page.goto(f"{house.address}/")
        await seen.page.locator(".lanes").get_by_role("link", name="Al-Waha Cooperative Insurance").click()
        await expect(seen.page.get_by_role("heading", name="Changes")).to_be_visible()
        await look(seen.page, "participant")
        await seen.page.goto(f"{house.address}/queue?insurer=payer:TPA-0007")
        await look(seen.page, "queue")
        await seen.page.get_by_role("checkbox").first.check()
        await seen.page.get_by_role("button", name="Send the chosen again").click()
        await look(seen.page, "queue-confirm")
        await seen.page.keyboard.type("they are back")  # the reason has the focus
        await seen.page.keyboard.press("Enter")
        await expect(seen.page.get_by_role("button", name="Stop what has not gone out")).to_be_visible()
        await look(seen.page, "queue-going")
        await seen.page.goto(f"{house.address}/nothing")
        await look(seen.page, "not-found")
        seen.complaints = [told for told in seen.complaints if "404" not in told]
