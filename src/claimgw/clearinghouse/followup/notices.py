"""What becomes of what an insurer begins by itself: a question, a payment, an advanced authorization?"""

from claimgw.access.participants import Kind
from claimgw.access.permissions import blocked
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.followup.acknowledge import acknowledge
from claimgw.clearinghouse.parts import Parts, Reply
from claimgw.clearinghouse.received import Received
from claimgw.clearinghouse.session import Sessions
from claimgw.clearinghouse.stated import reissue, stated
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LicenceKind
from claimgw.store import Unit, mailbox, statements
from claimgw.store.records import MailboxEntry, Message


async def receive(parts: Parts, _: Sessions, received: Received) -> Reply:
    """Acknowledge it, and let it wait for the provider it is addressed to."""
    registry = await parts.registry.current()
    faults = received.faults or misaddressed(received, registry)
    async with parts.database.write() as unit:
        about = next(iter(received.known.about.values()), None)
        # A payment may go to whom the claim names instead: nothing for the file of the one that claimed.
        own = about is not None and about.provider == str(received.envelope.receiver)
        belongs = about.id if about is not None and own and not faults else None
        row, body = await acknowledge(parts, unit, received, faults, exchange_id=belongs)
        if not faults:
            await _take(unit, received, row)
    return Reply(200, body)


def misaddressed(received: Received, registry: Snapshot) -> list[Finding]:
    """Why nobody here could fetch it, if so."""
    provider = registry.participant(str(received.envelope.receiver))
    place = "Bundle.entry[0].resource.destination[0].receiver"
    if provider is None or provider.kind is not Kind.PROVIDER:
        text = "The receiver is no provider of this gateway"
        return [Finding("GE-00015", place, text, "Check the licence of the provider")]
    if denied := blocked(provider):
        return [Finding(denied.code, place, denied.text, "Ask the operator of the gateway")]
    return []


async def _take(unit: Unit, received: Received, row: Message) -> None:
    envelope, provider, insurer = received.envelope, row.receiver, row.sender
    assert envelope.focal is not None
    resource = envelope.focal.resource
    number = resource.get("preAuthRef")
    if received.event.code == "advanced-authorization" and reissue(resource) == "cancel" and number:
        await statements.withdraw(unit, provider, insurer, number, LicenceKind.PAYER.value)
    said = stated(envelope, row.id, provider=provider, insurer=insurer, exchange_id=None)
    await statements.keep(unit, said)
    topics = [(key.system, key.value) for key in received.known.mentioned.requests]
    first = topics[0] if topics else (None, None)
    await mailbox.deposit(
        unit,
        MailboxEntry(
            message_id=row.id,
            provider=provider,
            event=row.event,
            about_system=first[0],
            about_value=first[1],
            size=row.size,
            queued_at=received.now,
        ),
        topics[1:],
    )
