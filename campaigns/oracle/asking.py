"""What do we and the HL7 validator say of a message that was not said of it before it was spoilt?"""

from collections.abc import Iterable
from datetime import datetime

from campaigns.mutant import Mutant
from campaigns.oracle.compare import Said, ours, theirs
from campaigns.oracle.keys import keys
from campaigns.oracle.validator import Validator
from campaigns.samples import Sample
from campaigns.spec import Json
from campaigns.verdict import RECEIVED
from claimgw.conformance import check
from claimgw.conformance.rulebook.spoilt import Spoilt
from claimgw.conformance.severity import direction_of
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding

Both = tuple[list[Said], list[Said]]


class Asking:
    """Each answer is what we say and what the validator says, all stages of it."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator
        self.keys = keys()
        self._known: dict[bytes, set[tuple[str, str]]] = {}

    def valid(self, sample: Sample) -> Both:
        return self._both(encode(sample.bundle), RECEIVED)

    def mutant(self, mutant: Mutant, sample: Sample) -> Both:
        return self._new(mutant.raw, sample.bundle, RECEIVED)

    def written(self, one: Spoilt) -> Both:
        """The validator takes the time of its machine for that of receipt."""
        received = one.example.received or one.spoilt["timestamp"]
        return self._new(encode(one.spoilt), one.sound, datetime.fromisoformat(received))

    def _new(self, raw: bytes, sound: Json, received: datetime) -> Both:
        known = self._said_of(encode(sound), received)
        our, their = self._both(raw, received)
        return list(_without(our, known)), list(_without(their, known))

    def _said_of(self, sound: bytes, received: datetime) -> set[tuple[str, str]]:
        if sound not in self._known:
            self._known[sound] = {
                (one.name, one.place) for said in self._both(sound, received) for one in said
            }
        return self._known[sound]

    def _both(self, raw: bytes, received: datetime) -> Both:
        self._validator.ask(raw)
        # Ours is done while the other one works.
        our = ours(_findings(raw, received), self.keys.asked)
        return our, theirs(self._validator.answer(), self.keys.asked, self.keys.timed)


def _findings(raw: bytes, received: datetime) -> list[Finding]:
    envelope = read(raw)
    if not isinstance(envelope, Envelope):
        return [envelope]
    return check(envelope, received, direction=direction_of(envelope.event), all_stages=True)


def _without(said: Iterable[Said], known: set[tuple[str, str]]) -> Iterable[Said]:
    return (one for one in said if (one.name, one.place) not in known)
