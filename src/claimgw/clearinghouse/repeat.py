"""What does the sender of a copy hear? What is on record, and nothing is forwarded (spec §3.4)."""

from claimgw.clearinghouse import answer
from claimgw.clearinghouse.own import poll
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.session import recorded
from claimgw.clearinghouse.words import in_process
from claimgw.errors import StoreUnavailable
from claimgw.ids import new_id
from claimgw.messages import claim_replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.frame import Stamp
from claimgw.store import exchanges, messages


async def repeat(parts: Parts, envelope: Envelope, message_id: str) -> Reply:
    """The recorded answer; to a copy that comes while the first is on its way, `queued` with BV-00542."""
    async with parts.database.read() as unit:
        exchange = await exchanges.find(unit, message_id)
        reply_id = None if exchange else await messages.reply_to(unit, message_id)
        kept = await messages.content(unit, reply_id) if reply_id else None
    if exchange is not None:
        if exchange.answer_id is not None:
            body = await recorded(parts, exchange)
        else:
            now = parts.clock.now()
            registry = await parts.registry.current()
            insurer = registry.participant(exchange.insurer)
            name = insurer.name if insurer else exchange.insurer
            body = claim_replies.queued(envelope, Stamp(new_id(now), now), in_process(name))
        return Reply(200, await answer.tagged(parts, body, exchange.provider))
    if kept is not None:
        return Reply(200, await answer.tagged(parts, kept, str(envelope.sender)))
    if envelope.event is not None and envelope.event.code == "poll-request":
        return await poll.answer_again(parts, envelope, message_id)
    raise StoreUnavailable("the recorded answer is gone")
