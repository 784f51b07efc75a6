"""How does a provider work with the gateway: send, fetch what waits, follow a claim, answer questions?"""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Unpack

from claimgw.client.answers import Answer
from claimgw.client.cases import Case
from claimgw.client.closing import Closing
from claimgw.client.delivered import DeliveredState, read_delivered
from claimgw.client.exchanges import ExchangeState, read_exchanges
from claimgw.client.faults import NotInTime
from claimgw.client.follow import End, Step, step
from claimgw.client.gateway import Credentials, GatewayClient, Options
from claimgw.client.mailbox import Mailbox
from claimgw.client.notices import Attachment, communication, payment_notice
from claimgw.client.parties import Provider
from claimgw.client.tasks import Asked, CancelReason, Period, cancel_request, status_check
from claimgw.client.unfinished import PollState
from claimgw.clock import Clock, SystemClock
from claimgw.messages.identifiers import Identifier, Licence

INTERVAL_SECONDS = 5.0


class ProviderClient(Closing):
    """A provider at one gateway, for as long as the `async with` block lasts.

    `provider` is a Provider, a licence, or its key such as "provider:PR-1001". `url`, `credentials` and
    `options` (seconds, tries, proxy, transport) are those of GatewayClient. `interval` is how many
    seconds pass between two looks into the mailbox where the gateway offers no stream of events.
    """

    def __init__(
        self,
        url: str,
        provider: Provider | Licence | str,
        credentials: Credentials | None = None,
        *,
        interval: float = INTERVAL_SECONDS,
        clock: Clock | None = None,
        **options: Unpack[Options],
    ) -> None:
        self.provider = Provider.of(provider)
        self._clock = clock or SystemClock()
        self._gateway = GatewayClient(url, credentials, clock=self._clock, **options)
        self._mailbox = Mailbox(self._gateway, self.provider, self._clock, interval)

    async def close(self) -> None:
        """Give the connections back."""
        await self._gateway.close()

    async def send(self, message: bytes | Mapping[str, Any]) -> Answer:
        """The answer to any message of the provider, a refusal included; see GatewayClient.send.

        Raises GatewayUnreachable, GatewayBusy or NotAnAnswer.
        """
        return await self._gateway.send(message)

    async def cancel(self, case: Case, reason: CancelReason | str = CancelReason.WRONG_INFORMATION) -> Answer:
        """Take a claim or authorization back. Raises NotAMessage if the case has no insurer, or as `send`."""
        return await self.send(cancel_request(self.provider, case, self._clock.now(), reason=reason))

    async def nullify(
        self, case: Case, reason: CancelReason | str = CancelReason.WRONG_INFORMATION
    ) -> Answer:
        """Take it back, and let nobody be shown it any more. Raises as `cancel`."""
        request = cancel_request(self.provider, case, self._clock.now(), reason=reason, nullify=True)
        return await self.send(request)

    async def status(self, case: Case) -> Answer:
        """Ask the insurer how far it is. Raises as `cancel`."""
        return await self.send(status_check(self.provider, case, self._clock.now()))

    async def communicate(self, case: Case, *contents: str | Attachment, reason: str | None = None) -> Answer:
        """Tell the insurer something about a case, or answer its question; see `communication`.

        The case of a question is `answer.case` of the message that asked it.
        Raises NotAMessage, ClientFault, TooLarge, and as `send`.
        """
        return await self.send(communication(self.provider, case, contents, self._clock.now(), reason=reason))

    async def confirm_payment(
        self, payment: Identifier, amount: Decimal, paid: date, status: str = "paid"
    ) -> Answer:
        """Tell the gateway that the money of a reconciliation came in; see `payment_notice`."""
        now = self._clock.now()
        return await self.send(payment_notice(self.provider, payment, amount, paid, now, status=status))

    async def exchanges(self, identifier: Identifier) -> tuple[ExchangeState, ...]:
        """What the gateway knows of a claim: where it stands, why it waits, when it is tried again.

        Raises GatewayUnreachable, GatewayBusy, NotAnAnswer.
        """
        asked = {"identifier": f"{identifier.system}|{identifier.value}"}
        return read_exchanges(await self._gateway.ask("/exchanges", asked))

    async def delivered(
        self, begin: datetime | None = None, end: datetime | None = None
    ) -> AsyncIterator[DeliveredState]:
        """What the gateway has delivered to the provider, oldest delivery first; both ends included.

        Raises GatewayUnreachable, GatewayBusy, NotAnAnswer.
        """
        asked = {"provider": str(self.provider.licence)}
        asked |= {name: at.isoformat() for name, at in (("from", begin), ("to", end)) if at}
        while page := read_delivered(await self._gateway.ask("/mailbox/delivered", asked)):
            for one in page:
                yield one
            asked["after"] = page[-1].place

    async def delivered_again(self, message: DeliveredState) -> Answer:
        """A message that was delivered, once more; that changes nothing. Raises as `delivered`."""
        return Answer.read(200, await self._gateway.ask(f"/mailbox/delivered/{message.id}", {}))

    async def poll(
        self,
        *,
        wait: float = 0.0,
        count: int = 10,
        include: Collection[str] = (),
        exclude: Collection[str] = (),
        period: Period | None = None,
        about: Identifier | None = None,
        state: PollState | None = None,
    ) -> AsyncIterator[Answer]:
        """What waits, one message after the other, oldest first; for so many seconds also what comes.

        A message is finished when the next one is asked for. Whoever leaves the loop before, by an
        exception or by `break`, gets that message again at the next `poll` for the same; with a `state` that
        outlives the process, such as PollFile, also after a crash. An unfinished poll of the state goes
        first, whatever is asked for. With its last message a poll is confirmed: where the provider is
        registered so, nothing of it is offered again. `count`, `include`, `exclude`, `period`, `about` as in
        `Asked`.
        Raises PollRefused, and as `send`.
        """
        asked = Asked(count, frozenset(include), frozenset(exclude), period, about)
        async for message, finish in self._mailbox.incoming(asked, wait, state):
            yield message
            await finish()

    async def follow(
        self,
        case: Case | Identifier | Answer,
        *,
        seconds: float,
        end: End = End.DECIDED,
        state: PollState | None = None,
    ) -> AsyncIterator[Step]:
        """Everything that happens to one claim: from the answer given, or from now, to its end.

        Only what is about the claim is fetched; steps are confirmed, and `state` is used, as in `poll`. A
        payment covers many claims: to be told of it here takes it out of the mailbox for the others too.
        A gateway that has another message for us all the same is told as `other`.
        Raises NotInTime if the end has not come within so many seconds, NotAMessage for an answer that is
        about no claim, PollRefused, and as `send`.
        """
        if isinstance(case, Answer):
            first = step(case)
            yield first
            if first.ends(end):
                return
            case = case.case
        about = case.identifier if isinstance(case, Case) else case
        async for message, finish in self._mailbox.incoming(Asked(about=about), seconds, state):
            seen = step(message, about)
            yield seen
            await finish()
            if seen.ends(end):
                return
        raise NotInTime(f"after {seconds:g} s the claim is not {end} yet; follow it again, or poll later")
