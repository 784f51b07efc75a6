"""What is wrong with a message, by the rules and the record as they are now?"""

from dataclasses import replace

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.admit import served_by
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.received import Received
from claimgw.conformance import check, direction_of
from claimgw.messages.events import Way


def judge(parts: Parts, registry: Snapshot, received: Received, *, all_stages: bool = False) -> Received:
    """The message with its findings. The members of a batch are judged one by one, by themselves."""
    envelope, event = received.envelope, received.event
    # What the gateway reads itself it must be able to read: operators' changes are for what it passes on.
    passed_on = event.way is Way.INSURER and form_of(event).answerable(envelope)
    insurer = received.destination
    findings = check(
        envelope,
        received.now,
        direction=direction_of(event),
        served=served_by(insurer, registry, received.now) if insurer else frozenset(),
        schemas=parts.schemas,
        severities=registry.severities if passed_on else None,
        memory=received.known.memory,
        all_stages=all_stages,
        members=False,
        batch_size=parts.limits.batch,
    )
    return replace(received, findings=findings)
