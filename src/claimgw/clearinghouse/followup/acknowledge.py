"""What does an insurer hear when it sends by itself? That its message is kept, or what is wrong with it."""

from collections.abc import Sequence

import structlog

from claimgw.clearinghouse import answer, record, rows
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.received import Received
from claimgw.ids import new_id
from claimgw.messages import replies
from claimgw.messages.events import Leg
from claimgw.messages.findings import Finding
from claimgw.store import Unit, messages, troubles
from claimgw.store.records import Message

_log = structlog.get_logger(__name__)


async def acknowledge(
    parts: Parts,
    unit: Unit,
    received: Received,
    faults: Sequence[Finding],
    *,
    exchange_id: str | None = None,
) -> tuple[Message, bytes]:
    """Keep the message with its acknowledgement: its row, and what goes back."""
    now, message_id = received.now, new_id(received.now)
    body = replies.acknowledgement(received.envelope, parts.stamp(now), faults)
    row = await record.keep_arrival(unit, received.envelope, message_id, now, exchange_id=exchange_id)
    written = rows.as_row(answer.own(body), new_id(now), now, replies_to=message_id)
    await messages.keep(unit, written, body)
    codes = sorted({fault.code for fault in faults})
    if faults and received.event.leg is Leg.RESPONSE:
        troubles.note_refused(unit, row, codes)
    _log.info(
        "message of an insurer refused" if faults else "message of an insurer taken",
        action="acknowledge",
        kind=received.event.code,
        message=message_id,
        insurer=row.sender,
        codes=codes,
    )
    return row, body
