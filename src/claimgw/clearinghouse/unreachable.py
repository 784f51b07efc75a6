"""What does a provider hear whose message cannot wait, while the insurer is away?"""

from typing import assert_never

from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.words import away
from claimgw.messages import task_replies
from claimgw.messages.envelope import Envelope
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import CODES
from claimgw.store import Unit, exchanges, statements
from claimgw.store.records import Author, Exchange, State

_OUTCOMES = "http://hl7.org/fhir/remittance-outcome"
_OURS = CODES + "claim-response-outcome"


async def unreachable(
    parts: Parts,
    unit: Unit,
    request: Envelope,
    exchange: Exchange,
    insurer: str,
    stamp: Stamp,
    hours: str = "",
) -> bytes:
    """GE-00012; to a status check, if a setting says so, what the gateway itself knows (marked as ours).

    `hours`: the sentence on the insurer's hours, if it is away because of them.
    """
    assert request.event is not None
    if request.event.code == "status-check" and parts.limits.own_status and exchange.about_id:
        target = await exchanges.find(unit, exchange.about_id)
        if target is not None:
            answers = (await statements.of_exchanges(unit, [target.id])).get(target.id, [])
            said = answers[-1].said.outcome if answers else None
            return task_replies.standing(request, stamp, *standing_of(target, said))
    return form_of(request.event).refused(request, stamp, [away(insurer, hours)])


def standing_of(target: Exchange, said: str | None) -> tuple[str, str]:
    """System and code of how a request stands, as far as the gateway has seen (spec §6.6).

    `said` is the outcome of its last answer.
    """
    match target.state:
        case State.CANCELLED | State.NULLIFIED:
            return _OURS, "cancelled"
        case State.PARTIAL:
            return _OUTCOMES, "partial"
        case State.REFUSED:
            return _OUTCOMES, "error"
        case State.ANSWERED:
            failed = said == "error" or target.answered_by is Author.GATEWAY
            return _OUTCOMES, "error" if failed else "complete"
        case State.GIVEN_UP:
            return _OUTCOMES, "error" if said == "error" else "queued"
        case (
            State.UNCHECKED
            | State.HELD
            | State.IN_FLIGHT
            | State.UNCONFIRMED
            | State.AWAITING_CORRECTION
            | State.QUEUED
        ):
            return _OUTCOMES, "queued"
    assert_never(target.state)
