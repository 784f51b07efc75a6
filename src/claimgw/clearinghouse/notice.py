"""How does an insurer learn what is wrong with its answer? An error-notice, delivered like any message."""

from collections.abc import Iterable, Sequence

from claimgw.clearinghouse.answer import own
from claimgw.clearinghouse.rows import as_row, begun
from claimgw.ids import new_id
from claimgw.messages import replies
from claimgw.messages.findings import Finding, Severity
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import GATEWAY, Licence
from claimgw.store import Unit, exchanges, messages
from claimgw.store.records import Exchange, State

# What keeps no answer from its provider, yet makes it hard to use: its batch is not repeated (spec §6.4).
_REMARKS = frozenset({"BV-00452"})


def remarks(findings: Iterable[Finding]) -> list[Finding]:
    """What an insurer hears of an answer that is delivered all the same."""
    return [one for one in findings if one.code in _REMARKS and one.severity is not Severity.ERROR]


async def queue_notice(
    unit: Unit,
    exchange: Exchange,
    findings: Sequence[Finding],
    stamp: Stamp,
    *,
    request: str,
    response: str | None,
) -> None:
    """Queue a notice of the findings (spec §6.11): an exchange of the gateway's own, due at once.

    `request` and `response` are the MessageHeader.id of what was asked and of what was answered.
    """
    raw = replies.error_notice(
        Licence.parse(exchange.insurer), stamp, findings, request_header=request, response_header=response
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
