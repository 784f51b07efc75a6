"""What can be done in one life? The steps of providers and insurers, with the model beside them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from claimgw.ids import derived_id
from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.messages import tags
from claimgw.messages.splice import add_header_tag
from tests.clearinghouse.lives.books import Books
from tests.clearinghouse.lives.offices import Manner, Office
from tests.clearinghouse.lives.requests import ABOUT, about, altered, other_ids, request
from tests.clearinghouse.lives.world import INSURERS, PROVIDERS, Post, World
from tests.clearinghouse.spoken import asking, deferred, opened, polling


@dataclass
class Life:
    """`sent`: what providers have sent, with its provider; `claims`: those among it that others can be about.

    `answers`: what was heard last to each of them. `colliding`: what stands for nothing of its own, and is
    refused anew each time.
    """

    world: World
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    claims: list[bytes] = field(default_factory=list)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    colliding: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.books = Books(self.world)

    # Providers

    def claim(self, name: str, provider: int, insurer: int) -> Post:
        raw = request(name, self._seed(), PROVIDERS[provider], INSURERS[insurer])
        if "batch" not in name and "eligibility" not in name:
            self.claims.append(raw)
        return self.say(PROVIDERS[provider], raw)

    def follow_up(self, name: str, claim: int) -> Post:
        target = self._claim(claim)
        return self.say(str(opened(target).sender), about(ABOUT.get(name, name), self._seed(), target))

    def twist(self, claim: int, *, alter: bool) -> Post:
        """A claim under other ids; its content another as well, or not."""
        target = self._claim(claim)
        raw = altered(target, self._seed()) if alter else other_ids(target, self._seed())
        if alter:
            self.colliding.add(raw)
        return self.say(str(opened(target).sender), raw)

    def poll(self, provider: int, count: int, claim: int | None = None, exclude: str = "") -> Post:
        sender = PROVIDERS[provider]
        inputs = [asking("count", valuePositiveInt=count)]
        if exclude:
            inputs.append(asking("exclude-message-type", valueCode=exclude))
        named = None
        if claim is not None and self.claims:
            identifier = opened(self._claim(claim)).focal_identifier
            assert identifier is not None
            named = {"system": identifier.system, "value": identifier.value}
        return self.say(sender, polling(*inputs, about=named, sender=sender))

    def say(self, provider: str, raw: bytes) -> Post:
        """Begin to send it."""
        if (provider, raw) not in self.sent:
            self.sent.append((provider, raw))
        self.books.sent(provider, raw)
        return self.world.post(provider, raw)

    async def repeat(self, which: int) -> None:
        """One of the messages again, twice in a row: the same bytes, and those of before if it was a poll."""
        provider, raw = self.sent[which % len(self.sent)]
        told = []
        for _ in range(2):
            post = self.say(provider, raw)
            await self.done()
            if post.told is None or b"BV-00542" in post.told or raw in self.colliding:
                return
            told.append(_tagged(post.told))
        assert told[0] == told[1], "an exact repeat is answered otherwise"

    async def done(self) -> None:
        """See how far all that was begun comes."""
        await self.world.settle()
        await self.note()

    async def note(self) -> None:
        """Tell the books of every answer that has come."""
        answered, self.world.answered = self.world.answered, []
        for post in answered:
            if post.sender in PROVIDERS:
                self.books.heard(post)
                if post.told is not None:
                    self.answers[post.raw] = post.told

    # Insurers

    def office(self, which: int) -> Office:
        return self.world.offices[INSURERS[which]]

    def dispose(self, manner: Manner, behaviour: str) -> None:
        """How the next message is met, whoever gets it."""
        for office in self.world.offices.values():
            office.manners = [(manner, behaviour)]

    async def late(self, claim: int, outcome: str, *, reissued: bool, by_other: bool) -> None:
        """An answer that an insurer sends by itself, whether or not it makes sense."""
        target = self._claim(claim)
        raw = deferred(target, outcome, earlier=("complete",) if reissued else ())
        insurer, identifier = str(opened(target).receiver), opened(target).focal_identifier
        assert identifier is not None
        self.books.answered.add(identifier.value)
        if by_other:
            other = next(one for one in INSURERS if one != insurer)
            raw = raw.replace(_number(insurer), _number(other))
            insurer = other
        self.world.post(insurer, raw)
        await self.done()

    async def order(self, which: int, what: str, claim: int, judgement: Judgement) -> None:
        """The hand on a sandbox."""
        office = self.office(which)
        value = ""
        if self.claims:
            target = opened(self._claim(claim))
            office = self.world.offices[str(target.receiver)]
            assert target.focal_identifier is not None
            value = target.focal_identifier.value
        control = office.control
        orders: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "decide": lambda: control.decide(value, judgement),
            "ask": lambda: control.ask(value),
            "pay": control.pay,
            "authorize": lambda: control.authorize(PROVIDERS[claim % 2].partition(":")[2]),
        }
        await self.world.order(orders[what]())
        await self.note()

    def _claim(self, which: int) -> bytes:
        return self.claims[which % len(self.claims)]

    def _seed(self) -> str:
        return derived_id("life", str(len(self.sent)))[:8]


def _tagged(raw: bytes) -> bytes:
    """With the tag that may come and go between two answers."""
    told = opened(raw)
    carries = tags.carries(told.header, tags.QUEUED_MESSAGES["code"])
    return raw if carries else add_header_tag(raw, tags.QUEUED_MESSAGES)


def _number(licence: str) -> bytes:
    return licence.partition(":")[2].encode()
