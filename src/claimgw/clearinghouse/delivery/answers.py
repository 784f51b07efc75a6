"""By what is an insurer's answer interpreted: what was asked, the rules of the day, the record?"""

from datetime import datetime

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.interpret import Asked, Judge
from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived, Outcome
from claimgw.clearinghouse.notice import remarks
from claimgw.conformance import Direction, check
from claimgw.conformance.memory import Memory
from claimgw.conformance.validator.schemas import Schemas
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, errors
from claimgw.messages.identifiers import GATEWAY
from claimgw.store import Unit, attempts
from claimgw.store.records import Exchange


def asked_of(exchange: Exchange, request: Envelope, *, repeated: bool) -> Asked:
    """What the answer must fit. `repeated`: an earlier attempt may have arrived."""
    return Asked(
        header_id=request.header_id or "",
        insurer=exchange.insurer,
        reply_event=(request.event.reply if request.event else None) or "acknowledgement",
        identifier=request.focal_identifier,
        repeated=repeated,
        own=exchange.provider == str(GATEWAY),
    )


def judge_of(schemas: Schemas, registry: Snapshot, memory: Memory, now: datetime) -> Judge:
    """How an answer is judged at that moment."""

    def judge(answer: Envelope) -> list[Finding]:
        found = check(
            answer,
            now,
            direction=Direction.ANSWER,
            schemas=schemas,
            severities=registry.severities,
            memory=memory,
        )
        return [*errors(found), *remarks(found)]

    return judge


async def may_have_arrived(unit: Unit, exchange_id: str, number: int) -> bool:
    """Whether an attempt before that one can have reached the insurer."""
    earlier = await attempts.of_exchange(unit, exchange_id)
    return any(
        made.outcome is None or MEANING[Outcome(made.outcome)].arrived is not Arrived.NO
        for made in earlier
        if made.number < number
    )
