"""What do the steps after the check work with? The message, and all that was looked up for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from claimgw.access.participants import Participant
from claimgw.clearinghouse.recall import Recollection
from claimgw.clearinghouse.words import claimed_twice
from claimgw.conformance.history.duplicates import duplicates
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Event
from claimgw.messages.findings import Finding, errors


@dataclass(frozen=True, slots=True)
class Received:
    """A message read, admitted and checked. `destination`: the insurer it goes to; None: it ends with us."""

    envelope: Envelope
    event: Event
    destination: Participant | None
    known: Recollection
    findings: Sequence[Finding]
    now: datetime

    @property
    def faults(self) -> list[Finding]:
        """Those that forbid it to go on."""
        return errors(self.findings)

    @property
    def notes(self) -> list[str]:
        """What people are told beside an answer of the gateway's own: services that are claimed twice."""
        return claimed_twice(duplicates(self.envelope, self.known.memory))
