"""How does an insurer learn that its answer cannot be used? An error-notice, delivered like any message."""

from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.delivery.interpret import Ending
from claimgw.clearinghouse.record import as_row, begun
from claimgw.ids import new_id
from claimgw.messages import replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import GATEWAY, Licence
from claimgw.store import Unit, exchanges, messages
from claimgw.store.records import Exchange, State


async def queue_notice(
    unit: Unit, request: Envelope, exchange: Exchange, ending: Ending, stamp: Stamp
) -> None:
    """Queue a notice of the findings (spec §6.11): an exchange of the gateway's own, due at once."""
    raw = replies.error_notice(
        Licence.parse(exchange.insurer),
        stamp,
        ending.findings,
        request_header=request.header_id or "",
        response_header=ending.answer.header_id if ending.answer else None,
    )
    now = stamp.at
    notice_id = new_id(now)
    await messages.keep(unit, as_row(own(raw), notice_id, now, exchange_id=exchange.id), raw)
    await exchanges.open_exchange(
        unit,
        begun(
            notice_id,
            "error-notice",
            provider=str(GATEWAY),
            insurer=exchange.insurer,
            state=State.HELD,
            now=now,
            due_at=now,
        ),
    )
