"""What is wrong with a message, by the rules and the record as they are now?"""

from dataclasses import replace

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.admit import served_by
from claimgw.clearinghouse.forms import form_of
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.received import Received
from claimgw.conformance import check, direction_of
from claimgw.conformance.case import Part
from claimgw.messages.events import Event, Way


def first_look(event: Event) -> Part:
    """How much is judged of a message that has just come: the claims of a batch follow one by one."""
    return Part.FRAME if event.code == "batch-request" else Part.WHOLE


def judge(
    parts: Parts,
    registry: Snapshot,
    received: Received,
    *,
    all_stages: bool = False,
    part: Part = Part.WHOLE,
) -> Received:
    """The message with its findings. `part`: how much of a batch is judged."""
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
        part=part,
        batch_size=parts.limits.batch,
    )
    return replace(received, findings=findings)
