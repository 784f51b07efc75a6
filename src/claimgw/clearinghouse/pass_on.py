"""How does a sound request reach its insurer? At once, or behind what it is about."""

from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.refuse import refuse
from claimgw.clearinghouse.session import Sessions
from claimgw.store.records import UNDELIVERED


async def pass_on(parts: Parts, sessions: Sessions, received: Received) -> Reply:
    """The insurer's answer if it comes in the session, else ours."""
    if received.faults:
        return await refuse(parts, received.envelope, received.faults, received.now, received.notes)
    envelope, insurer = received.envelope, received.destination
    assert insurer is not None
    about = next(iter(received.known.about.values()), None)
    if about is not None and about.state in UNDELIVERED and received.event.queueable:
        # It must not overtake its claim: it is held, and the worker takes it up once the claim is there.
        exchange, told = await record.hold_back(parts, received, insurer, about)
    else:
        exchange, attempt = await record.accept(parts, received, insurer, about)
        notes = received.notes
        told = await sessions.hold(parts, exchange, envelope, attempt, insurer, notes)
    return Reply(200, await answer.tagged(parts, told, exchange.provider))
