"""What becomes of a message with faults? It is kept with its answer, and goes no further."""

from collections.abc import Sequence
from datetime import datetime

from claimgw.clearinghouse import answer, record
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding


async def refuse(
    parts: Parts,
    envelope: Envelope,
    faults: Sequence[Finding],
    now: datetime,
    notes: Sequence[str] = (),
) -> Reply:
    """The answer of the event's own kind with every finding; a bare outcome if not even that can be said."""
    body = answer.refusing(parts, envelope, faults, now, notes)
    if body is None:
        return answer.bare(Refusal(400, tuple(faults)))
    await record.refuse(parts, envelope, answer.own(body), now)
    return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))


async def collide(parts: Parts, envelope: Envelope, fault: Finding, now: datetime) -> Reply:
    """The same for a message whose ids or identifier stand for something else already."""
    body = answer.refusing(parts, envelope, [fault], now)
    if body is None:
        return answer.bare(Refusal(400, (fault,)))
    await record.keep_collision(parts, envelope, answer.own(body), now)
    return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))
