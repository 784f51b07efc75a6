"""What becomes of a request that may not wait while its insurer cannot have it? It is answered at once."""

from claimgw.access.participants import Participant
from claimgw.clearinghouse import record, rows
from claimgw.clearinghouse.admit import focal_of
from claimgw.clearinghouse.delivery.gate import Shut
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.unreachable import unreachable
from claimgw.ids import new_id
from claimgw.store.records import Exchange, State


async def turn_away(
    parts: Parts, received: Received, insurer: Participant, about: Exchange | None, shut: Shut
) -> tuple[Exchange, bytes]:
    """Keep it with the answer that the insurer is away: no attempt is made, nobody waits for a timeout."""
    now = received.now
    exchange = rows.begun(
        new_id(now),
        received.event.code,
        provider=str(received.envelope.sender),
        insurer=insurer.licence,
        state=State.ANSWERED,
        now=now,
        focal=focal_of(received.envelope),
        answer_id=new_id(now),
        about_id=about.id if about else None,
        reason=shut.reason,
    )
    stamp = parts.stamp(now, received.notes)
    async with parts.database.write() as unit:
        raw = await unreachable(parts, unit, received.envelope, exchange, insurer.name, stamp, shut.hours)
        await record.keep_with_answer(unit, received, exchange, raw)
    return exchange, raw
