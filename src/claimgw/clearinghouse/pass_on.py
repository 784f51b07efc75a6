"""How does a sound request reach its insurer? At once, behind what it is about, or when the lane is free."""

from claimgw.access.participants import Participant
from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.delivery import gate
from claimgw.clearinghouse.delivery.gate import Shut
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.recall import of_first
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.refuse import refuse
from claimgw.clearinghouse.session import Sessions
from claimgw.clearinghouse.turn_away import turn_away
from claimgw.store.records import UNDELIVERED, Exchange


async def pass_on(parts: Parts, sessions: Sessions, received: Received) -> Reply:
    """The insurer's answer if it comes in the session, else ours."""
    if received.faults:
        return await refuse(parts, received.envelope, received.faults, received.now, received.notes)
    insurer = received.destination
    assert insurer is not None
    about = next(iter(received.known.about.values()), None)
    standstill = await _standstill(parts, insurer)
    if about is not None and about.state in UNDELIVERED and received.event.queueable:
        # It must not overtake its claim: it is held, and the worker takes it up once the claim is there.
        exchange, told = await record.hold_back(parts, received, insurer, about, standstill)
    elif (shut := standstill or await _no_room(parts, insurer)) is None:
        exchange, told = await _at_once(parts, sessions, received, insurer, about)
    elif received.event.queueable:
        exchange, told = await record.hold_back(parts, received, insurer, about, shut)
        if await _standstill(parts, insurer) is None:
            parts.wake()
    else:
        exchange, told = await turn_away(parts, received, insurer, about, shut)
    return Reply(200, await answer.tagged(parts, told, exchange.provider))


async def _standstill(parts: Parts, insurer: Participant) -> Shut | None:
    registry = await parts.registry.current()
    return gate.shut(parts.breakers, registry, insurer.licence, parts.clock.now())


async def _no_room(parts: Parts, insurer: Participant) -> Shut | None:
    """Why it cannot go now, though others do; None: a place is taken for it."""
    if not parts.places.take(insurer):
        return Shut("as many requests as the insurer takes at once are under way")
    if await parts.pace.take(insurer, 1) == 0:
        parts.places.give_back(insurer.licence)
        return Shut("the insurer is sent no more messages a second")
    return None


async def _at_once(
    parts: Parts, sessions: Sessions, received: Received, insurer: Participant, about: Exchange | None
) -> tuple[Exchange, bytes]:
    try:
        exchange, attempt = await record.accept(parts, received, insurer, about)
    except BaseException:
        parts.places.give_back(insurer.licence)
        raise
    envelope, registry = received.envelope, await parts.registry.current()
    memory = of_first(exchange, envelope, received.known.since, registry)
    told = await sessions.hold(parts, exchange, envelope, attempt, insurer, received.notes, memory)
    return exchange, told
