"""What must hold at every moment of these lives? Judged by what was said, and by the rows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import text

from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import GATEWAY
from claimgw.store import Unit
from claimgw.store.ledger import ledger
from tests.clearinghouse.lives.world import CONFIRMING, Post, World, messages_of
from tests.clearinghouse.spoken import opened

# What may follow what in the answers to one claim. "end": an error, after which nothing comes.
_FOLLOWS = {
    None: {"queued", "partial", "complete", "error"},
    "queued": {"queued", "partial", "complete", "error"},
    "partial": {"partial", "complete", "error"},
    "complete": {"complete"},
    "error": set[str](),
}
POLL_LEASE, CONFIRM = 60.0, 300.0
_ENCODER = msgspec.json.Encoder(decimal_format="number")

_ANSWERS = text(
    "SELECT e.id AS exchange_id, e.state, b.content FROM mailbox m"
    " JOIN message x ON x.id = m.message_id JOIN exchange e ON e.id = x.exchange_id"
    " JOIN body b ON b.message_id = m.message_id"
    " WHERE e.focal_type = 'Claim' AND m.event IN ('claim-response', 'priorauth-response')"
    " ORDER BY m.queued_at, m.message_id"
)
_TAKEN_BACK = text(
    "SELECT e.id, e.focal_value, b.content FROM exchange e JOIN body b ON b.message_id = e.id"
    " WHERE e.state IN ('cancelled', 'nullified')"
)
_GIVEN_UP = text("SELECT focal_value FROM exchange WHERE state = 'given-up' AND focal_type = 'Claim'")
# Who confirms is offered again what was delivered; to the others it is settled with that.
_DELIVERED = text(
    "SELECT m.provider, x.bundle_id, p.bundle_id AS poll, m.confirmed_at IS NOT NULL AS settled,"
    " m.delivered_at IS NOT NULL AS delivered"
    " FROM mailbox m JOIN message x ON x.id = m.message_id JOIN message p ON p.id = m.poll_id"
    " WHERE m.delivered_at IS NOT NULL OR m.offers > 1"
)
_RESERVED = text(
    "SELECT p.bundle_id AS poll, x.bundle_id FROM poll_item i JOIN message p ON p.id = i.poll_id"
    " JOIN message x ON x.id = i.message_id"
)
_OPEN_TWICE = text(
    "SELECT exchange_id FROM attempt WHERE closed_at IS NULL GROUP BY exchange_id HAVING count(*) > 1"
)
_LOST = text(
    "SELECT a.message_id FROM arrival a JOIN message m ON m.id = a.message_id"
    " LEFT JOIN exchange e ON e.id = a.message_id"
    " WHERE e.id IS NULL AND m.event IN ('claim-request', 'priorauth-request', 'eligibility-request',"
    " 'cancel-request', 'status-check', 'communication')"
)


@dataclass
class Given:
    """A message that a poll gave to its provider, and how many nodes had died by then."""

    poll: bytes
    at: float
    deaths: int


@dataclass
class Books:
    """What the participants know. `told`: by provider and Bundle.id; `given`: the same of polls alone.

    `settled`: by provider and Bundle.id, the poll that is on record for it, once and for all; `unconfirmed`:
    those that are delivered, or are so once more. `reserved`: Bundle.id of poll and message, for every poll
    that has had it. `polls`: Bundle.id of each, by provider, in their order.
    `owners`: who has sent a MessageHeader.id. `answered`: claims that an insurer spoke of by itself, wherever
    it had them from: nothing need wait for them any more; nor for what was ever `given_up`.
    """

    world: World
    told: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    given: dict[tuple[str, str], Given] = field(default_factory=dict)
    settled: dict[tuple[str, str], str] = field(default_factory=dict)
    unconfirmed: set[tuple[str, str]] = field(default_factory=set)
    polls: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reserved: set[tuple[str, str]] = field(default_factory=set)
    withdrawn: dict[str, tuple[int, int]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)

    def sent(self, provider: str, raw: bytes) -> None:
        """A provider is about to send this: what it is known by belongs to the provider."""
        envelope = opened(raw)
        for one in (envelope, *inside(envelope)):
            assert one.header_id
            self.owners[one.header_id] = provider
        if envelope.event is not None and envelope.event.code == "poll-request":
            polls, known = self.polls[provider], envelope.bundle_id or ""
            if known not in polls:
                polls.append(known)

    # What a provider hears

    def heard(self, post: Post) -> None:
        """The answer of a session, and if it was a poll what was in it."""
        if post.told is None:
            return
        answer = opened(post.told)
        self._belongs(post.sender, answer)
        event = opened(post.raw).event
        if event is not None and event.code == "poll-request":
            for raw in messages_of(post.told):
                self._given(post, raw)
        for one in (answer, *inside(answer)):
            self.told[post.sender].setdefault(one.bundle_id or "", one.raw)

    def _given(self, post: Post, raw: bytes) -> None:
        message = opened(raw)
        self._belongs(post.sender, message)
        assert message.bundle_id
        self.told[post.sender].setdefault(message.bundle_id, raw)
        known, now = (post.sender, message.bundle_id), self.world.clock.monotonic()
        # The same poll is given the same again, for ever, also when another has had it since.
        if (opened(post.raw).bundle_id, message.bundle_id) not in self.reserved:
            assert known not in self.settled, "it was delivered before"
            before = self.given.get(known, Given(post.raw, now, 0))
            lease = CONFIRM if known in self.unconfirmed else POLL_LEASE
            assert before.poll == post.raw or now - before.at >= lease, "a reserved message is given away"
        self.given[known] = Given(post.raw, now, self.world.deaths)

    def _belongs(self, provider: str, message: Envelope) -> None:
        assert str(message.receiver) == provider, "a message to somebody else"
        if message.responds_to is not None:
            assert self.owners[message.responds_to] == provider, "an answer to somebody else's request"

    def in_poll(self, post: Post) -> list[bytes]:
        """The messages of an answer to a poll."""
        return messages_of(post.told or b"")

    # What holds at every moment

    async def check(self) -> None:
        """Of the rows of one snapshot, and of what insurers have received."""
        async with self.world.records.read() as unit:
            self.taken_back = {row.focal_value for row in await unit.execute(_TAKEN_BACK)}
            self.given_up |= {row.focal_value for row in await unit.execute(_GIVEN_UP)}
            # What waited behind a claim goes on alone when the claim is cancelled, or given up.
            self._one_claim_one_message()
            stands = await ledger(unit)
            assert stands.balances, stands.differences or stands.lanes
            rows = await unit.execute(_DELIVERED)
            self._delivery_is_for_ever(rows.all())
            self.reserved = {(row.poll, row.bundle_id) for row in await unit.execute(_RESERVED)}
            assert not (await unit.execute(_OPEN_TWICE)).all(), "two attempts at one exchange are open"
            assert not (await unit.execute(_LOST)).all(), "a request was taken in and stands nowhere"
            answers = await self._answers(unit)
            await self._silence_after_withdrawal(unit, answers)

    def _delivery_is_for_ever(self, rows: Iterable[Any]) -> None:
        """Of one poll, once it is settled; and what a node gave is delivered, unless it died meanwhile."""
        now = {(row.provider, row.bundle_id): row for row in rows}
        settled = {known: row.poll for known, row in now.items() if row.settled}
        for known, poll in self.settled.items():
            assert settled.get(known) == poll, "a delivered message has changed hands"
        for provider, message in settled.keys() - self.settled.keys():
            poll = settled[provider, message]
            if provider in CONFIRMING:
                assert poll != self.polls[provider][-1], "it is confirmed, and nobody has polled since"
        unsettled = {known: row for known, row in now.items() if not row.settled}
        self.settled = settled
        self.unconfirmed = {known for known in unsettled if known[0] in CONFIRMING}
        for known in unsettled.keys() - self.unconfirmed:
            assert not unsettled[known].delivered, "nobody need confirm it, and it is not settled"
        for known, given in self.given.items():
            assert known in now or given.deaths < self.world.deaths, "given, and never marked so"

    def _one_claim_one_message(self) -> None:
        for office in self.world.offices.values():
            for known, messages in office.by_identifier.items():
                assert len(messages) == 1, f"delivered with several contents or ids: {known}"
            seen = set(self.answered)
            for raw in office.received:
                self._in_order(opened(raw), seen)

    def _in_order(self, message: Envelope, seen: set[str]) -> None:
        """A communication never comes before the claim that it is about."""
        if message.focal is None:
            return
        if message.focal.type == "Claim" and message.focal_identifier is not None:
            seen.add(message.focal_identifier.value)
        if message.focal.type == "Communication":
            [about] = message.focal.resource["about"]
            value = about["identifier"]["value"]
            known = seen | self.taken_back | self.given_up
            assert value in known, "a communication has overtaken its claim"

    async def _answers(self, unit: Unit) -> dict[str, list[Envelope]]:
        found: defaultdict[str, list[Envelope]] = defaultdict(list)
        for row in await unit.execute(_ANSWERS):
            found[str(row.exchange_id).replace("-", "")].append(opened(row.content))
        for answers in found.values():
            last: str | None = None
            for outcome, answer in ((one.outcome, one) for one in answers):
                assert outcome in _FOLLOWS[last], f"{outcome} after {last}"
                if outcome == last == "complete":
                    assert b"extension-adjudication-reissue" in answer.raw, (
                        "a second answer without its reason"
                    )
                # The gateway gave it up, and nobody had spoken: whatever the insurer says still counts.
                last = None if answer.sender == GATEWAY and b"GE-00012" in answer.raw else outcome
        return found

    async def _silence_after_withdrawal(self, unit: Unit, answers: dict[str, list[Envelope]]) -> None:
        """From the moment on that a claim is cancelled it is not sent, and nothing is given for it."""
        received = [raw for office in self.world.offices.values() for raw in office.received]
        for row in await unit.execute(_TAKEN_BACK):
            key = str(row.id).replace("-", "")
            now = (received.count(row.content), len(answers.get(key, [])))
            assert self.withdrawn.setdefault(key, now) == now, "something came after the cancellation"


def inside(message: Envelope) -> list[Envelope]:
    """The messages of a batch, or the answers to them."""
    if message.event is None or message.event.code not in ("batch-request", "batch-response"):
        return []
    return [_nested(entry.resource) for entry in message.entries[1:] if entry.type == "Bundle"]


def _nested(resource: dict[str, Any]) -> Envelope:
    return opened(_ENCODER.encode(resource))
