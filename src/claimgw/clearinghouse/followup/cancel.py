"""What becomes of a cancellation? The gateway carries it out while nobody else can have the claim."""

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse import answer, record, rows
from claimgw.clearinghouse.delivery.interpret import told_outcome
from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.clearinghouse.delivery.policy import never_arrived
from claimgw.clearinghouse.followup import notices
from claimgw.clearinghouse.followup.acknowledge import acknowledge
from claimgw.clearinghouse.followup.take_back import take_back, withdraw
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.pass_on import pass_on
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.refuse import refuse
from claimgw.clearinghouse.session import Sessions
from claimgw.ids import new_id
from claimgw.messages import task_replies
from claimgw.messages.findings import Finding
from claimgw.store import Unit, attempts, exchanges
from claimgw.store.records import Author, Exchange, State

_WITH_US = frozenset({State.HELD, State.UNCHECKED, State.GIVEN_UP})


async def receive(parts: Parts, sessions: Sessions, received: Received) -> Reply:
    """Completed by us if no attempt can have arrived; otherwise it follows the claim (spec 0.3 item 12a)."""
    target = next(iter(received.known.about.values()), None)
    if received.faults:
        return await refuse(parts, received.envelope, received.faults, received.now)
    if target is not None and target.state in _WITH_US:
        raw = await _by_ourselves(parts, received, target)
        if raw is not None:
            return Reply(200, await answer.tagged(parts, raw, target.provider))
    return await pass_on(parts, sessions, received)


async def is_ours(unit: Unit, target: Exchange | None) -> bool:
    """Whether the gateway itself would take that claim back, as things are now."""
    return target is not None and target.state in _WITH_US and await _never_arrived(unit, target)


async def _never_arrived(unit: Unit, target: Exchange) -> bool:
    return never_arrived(await attempts.of_exchange(unit, target.id))


async def _by_ourselves(parts: Parts, received: Received, target: Exchange) -> bytes | None:
    """The answer; None if the insurer may have the claim."""
    now = received.now
    raw = task_replies.completed(received.envelope, parts.stamp(now))
    exchange = rows.begun(
        new_id(now),
        received.event.code,
        provider=target.provider,
        insurer=target.insurer,
        state=State.ANSWERED,
        now=now,
        answer_id=new_id(now),
        about_id=target.id,
    )
    async with parts.database.write() as unit:
        if not await _never_arrived(unit, target):
            return None
        await withdraw(unit, target, received.envelope, now)
        await record.keep_with_answer(unit, received, exchange, raw)
    return raw


async def receive_late(parts: Parts, sessions: Sessions, received: Received) -> Reply:
    """The insurer's word on a cancellation, after the session: kept, carried out, given out by poll."""
    cancellation = received.known.answered
    if cancellation is None and not received.faults and _may_be_of_before(received):
        return await notices.receive(parts, sessions, received)
    faults = received.faults or _misfits(received, cancellation)
    async with parts.database.write() as unit:
        belongs = cancellation.id if cancellation is not None and not faults else None
        row, body = await acknowledge(parts, unit, received, faults, exchange_id=belongs)
        if cancellation is not None and not faults:
            if told_outcome(received.envelope) is Outcome.COMPLETE:
                await take_back(unit, cancellation, received.envelope, received.now)
            await record.remember(unit, received.envelope, row.id, cancellation)
            await record.deposit(unit, cancellation, row, received.now)
            await exchanges.change(
                unit,
                cancellation,
                state=State.ANSWERED,
                reason="",
                due_at=None,
                changed_at=received.now,
                mailed=cancellation.mailed_once_more,
                answer_id=row.id,
                answered_by=Author.INSURER,
            )
    parts.wake()
    return Reply(200, body)


def misfits(received: Received, registry: Snapshot) -> list[Finding]:
    """What is wrong with an answer though no rule says so."""
    if received.known.answered is None and _may_be_of_before(received):
        return notices.misaddressed(received, registry)
    return _misfits(received, received.known.answered)


def _may_be_of_before(received: Received) -> bool:
    """Whether the cancellation may be older than the record; one of a claim that is on record is not."""
    return not received.known.about and not received.known.memory.reaches(None)


def _misfits(received: Received, cancellation: Exchange | None) -> list[Finding]:
    head = "bundle.entry[0].resource"
    if cancellation is None or cancellation.insurer != str(received.envelope.sender):
        text = "The answer is to a cancellation that this provider has not sent to you"
        return [Finding("BV-00170", head, text, "Name the claim of the cancellation in the focus")]
    if cancellation.answered_by is Author.INSURER:
        text = "The cancellation has been answered"
        return [Finding("BV-00940", head, text, "Answer each cancellation once")]
    if told_outcome(received.envelope) is None:
        text = "The task is neither completed nor failed"
        return [Finding("BV-00907", head, text, "Let its status be completed or failed")]
    return []
