"""What have the claims of a batch in common with those before them in it? None of them is on record yet."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

from claimgw.clearinghouse.received import Received
from claimgw.conformance.history.mentions import Relation
from claimgw.conformance.memory import Key, Memory, Request, Standing

# What the rules compare claims by; of those that share one, the newest are looked at.
_KINDS = frozenset({"service", "encounter"})
_MOST = 50


class Siblings:
    """The sound claims of a batch so far, by what they name."""

    def __init__(self) -> None:
        self._naming: defaultdict[Relation, deque[Request]] = defaultdict(lambda: deque(maxlen=_MOST))

    def beside(self, memory: Memory, relations: Sequence[Relation]) -> Memory:
        """The memory with those that share something with a claim that names these."""
        shared = {
            one: [*memory.related.get(one, ()), *self._naming[one]]
            for one in relations
            if one in self._naming
        }
        return replace(memory, related={**memory.related, **shared}) if shared else memory

    def add(self, received: Received) -> None:
        """A claim that is accepted."""
        envelope = received.envelope
        assert envelope.focal_identifier is not None
        request = Request(
            key=Key.of("Claim", envelope.focal_identifier),
            event=received.event.code,
            provider=str(envelope.sender),
            insurer=str(envelope.receiver),
            header_id=envelope.header_id or "",
            received_at=received.now,
            standing=Standing.OPEN,
            relations=received.known.mentioned.relations,
        )
        for relation in request.relations:
            if relation[0] in _KINDS:
                self._naming[relation].append(request)
