"""What becomes of a payment notice? It stops at the gateway: kept, and acknowledged."""

from claimgw.clearinghouse import answer, record, rows
from claimgw.clearinghouse.admit import focal_of
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.refuse import refuse
from claimgw.clearinghouse.session import Sessions
from claimgw.ids import new_id
from claimgw.messages import replies
from claimgw.messages.identifiers import GATEWAY
from claimgw.store.records import State


async def receive(parts: Parts, _: Sessions, received: Received) -> Reply:
    """`ok`, or what is wrong with it."""
    envelope, now = received.envelope, received.now
    if received.faults:
        return await refuse(parts, envelope, received.faults, now)
    raw = replies.acknowledgement(envelope, parts.stamp(now))
    exchange = rows.begun(
        new_id(now),
        received.event.code,
        provider=str(envelope.sender),
        insurer=str(GATEWAY),
        state=State.ANSWERED,
        now=now,
        focal=focal_of(envelope),
        answer_id=new_id(now),
    )
    async with parts.database.write() as unit:
        await record.keep_with_answer(unit, received, exchange, raw)
    return Reply(200, await answer.tagged(parts, raw, exchange.provider))
