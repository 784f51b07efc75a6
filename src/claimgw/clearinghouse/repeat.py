"""What does the sender of a copy hear? What is on record, and nothing is forwarded (spec §3.4)."""

from dataclasses import replace

from claimgw.clearinghouse import answer
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.own import poll
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.session import recorded
from claimgw.clearinghouse.words import in_process, meanwhile, under_way
from claimgw.errors import Gone, StoreUnavailable
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding
from claimgw.messages.frame import Stamp
from claimgw.store import exchanges, messages
from claimgw.store.records import WITHDRAWN, Exchange


async def repeat(parts: Parts, envelope: Envelope, message_id: str) -> Reply:
    """What the first was answered with, also if it was a poll."""
    try:
        body = await answer_on_record(parts, envelope, message_id)
    except Gone:
        return answer.bare(Refusal(410, (kept_no_longer(),)))
    if body is not None:
        return Reply(200, await answer.tagged(parts, body, str(envelope.sender)))
    if envelope.event is not None and envelope.event.code == "poll-request":
        return await poll.answer_again(parts, envelope, message_id)
    raise StoreUnavailable("the answer is being recorded")


def kept_no_longer(place: str = "Bundle.entry[0].resource.id") -> Finding:
    """To a copy of a message whose answer has been deleted; `place`: that of its header's id."""
    return Finding(
        "GE-00023",
        place,
        "The message came before and was answered, and what it was answered is kept no longer",
        "Ask GET /exchanges where the request stands; to send something new use new ids",
    )


async def answer_on_record(
    parts: Parts, envelope: Envelope, message_id: str, *, member: bool = False
) -> bytes | None:
    """The recorded answer; to a copy that comes while the first is on its way, BV-00542 says so.

    `member`: it came in a batch, and so goes the answer. Raises Gone if what was answered is kept no longer.
    """
    async with parts.database.read() as unit:
        exchange = await exchanges.find(unit, message_id)
        if exchange is None:
            reply_id = await messages.reply_to(unit, message_id)
            if reply_id is None:
                return None
            if (kept := await messages.content(unit, reply_id)) is None:
                raise Gone("the recorded answer is kept no longer")
            return kept
    if exchange.answer_id is not None:
        return await recorded(parts, exchange)
    registry = await parts.registry.current()
    insurer = registry.participant(exchange.insurer)
    name = insurer.name if insurer else exchange.insurer
    stamp = replace(parts.stamp(parts.clock.now()), member=member)
    return _unanswered(envelope, stamp, exchange, name)


def _unanswered(envelope: Envelope, stamp: Stamp, exchange: Exchange, insurer: str) -> bytes:
    """It is on its way; or it was cancelled after its node had died before it said a word."""
    assert envelope.event is not None
    form = form_of(envelope.event)
    if form.pended is not None:
        said = meanwhile(exchange, insurer) if exchange.state in WITHDRAWN else in_process(insurer)
        return form.pended(envelope, stamp, said)
    return form.refused(envelope, stamp, [under_way(insurer)])
