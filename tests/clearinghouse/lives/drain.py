"""Does everything end well once all is well again? The last act of every life."""

from sqlalchemy import text

from claimgw.store import messages
from claimgw.store.records import State
from tests.clearinghouse.lives.life import Life
from tests.clearinghouse.lives.world import INSURERS, PROVIDERS
from tests.clearinghouse.spoken import deferred, opened

_ROUNDS = 30
_CLAIMS = ("claim-request", "priorauth-request")
_UNREST = text(
    "SELECT (SELECT count(*) FROM exchange WHERE due_at IS NOT NULL)"
    " + (SELECT count(*) FROM attempt WHERE closed_at IS NULL)"
)
_ENDED = {State.ANSWERED.value, State.REFUSED.value, State.CANCELLED.value, State.NULLIFIED.value}
_TAKEN_BACK = {State.CANCELLED.value, State.NULLIFIED.value}
_STAND = text("SELECT id, event, state, provider, insurer, answer_id FROM exchange ORDER BY created_at, id")


async def drain(life: Life) -> None:
    """Heal all that is ill, let time pass, and see what every provider has heard in the end."""
    await _heal(life)
    await _calm(life)
    for provider, raw in list(life.sent):
        # Whoever is told that a copy is under way asks again later.
        if b"BV-00542" in life.answers.get(raw, b"BV-00542"):
            life.say(provider, raw)
            await life.done()
    await _calm(life)
    await _complete(life)
    for which, _ in enumerate(PROVIDERS):
        await _empty(life, which)
    await _all_heard(life)


async def _heal(life: Life) -> None:
    world = life.world
    world.node.fuse = None
    for office in world.offices.values():
        office.open, office.manners = True, []
        for released in office.withheld.values():
            released.set()
    await life.done()  # before the clock moves on: a look into the registry that takes seconds has failed
    for licence in INSURERS:
        await world.pause(licence, on=False)
    await life.done()


async def _calm(life: Life) -> None:
    """Let the worker look until nothing is due at any time, and nothing is open."""
    for _ in range(_ROUNDS):
        await life.world.advance(1000)
        await life.world.work()
        await life.note()
        await life.books.check()
        async with life.world.records.read() as unit:
            if not await unit.scalar(_UNREST):
                return
    raise AssertionError("something stays due, or open, for ever")


async def _complete(life: Life) -> None:
    """Insurers owe an answer to every claim they have not adjudicated; now they give it."""
    async with life.world.records.read() as unit:
        rows = (await unit.execute(_STAND)).all()
        owed = [row.id for row in rows if row.state not in _ENDED and row.event in _CLAIMS]
        bodies = [await messages.content(unit, str(one)) for one in owed]
    for raw in bodies:
        assert raw is not None
        life.world.post(str(opened(raw).receiver), deferred(raw))
        await life.done()


async def _empty(life: Life, provider: int) -> None:
    await life.world.advance(61)
    for _ in range(_ROUNDS):
        post = life.poll(provider, 50)
        await life.done()
        if post.told is not None and not life.books.in_poll(post):
            return
    raise AssertionError("a mailbox is never empty")


async def _all_heard(life: Life) -> None:
    """Of every request that stands, its provider has heard the answer on record."""
    async with life.world.records.read() as unit:
        for row in (await unit.execute(_STAND)).all():
            if row.provider not in PROVIDERS:
                continue
            if row.event != "communication":
                assert row.state in _ENDED, (row.event, row.state)
            if row.answer_id is None and row.state in _TAKEN_BACK:
                continue  # its node died before anything was said, and then it was cancelled
            raw = await messages.content(unit, str(row.answer_id))
            assert raw is not None, (row.event, row.state)
            known = life.books.told[row.provider]
            assert opened(raw).bundle_id in known, f"an answer to a {row.event} ({row.state}) was never heard"
