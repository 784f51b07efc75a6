"""What can a person have the sandbox do, besides what a message's identifier asks for?"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from claimgw.clock import Clock
from claimgw.errors import ClaimgwError
from claimgw.insurers.sandbox import authorizations, payments
from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.behaviour import wish_named
from claimgw.insurers.sandbox.cases import Case, Kind
from claimgw.insurers.sandbox.claim_response import Stage
from claimgw.insurers.sandbox.insurer import GatewayAway, Insurer
from claimgw.insurers.sandbox.plan import deciding, questioning
from claimgw.insurers.sandbox.questions import DEFAULT_TEXT
from claimgw.insurers.sandbox.reading import Party, read
from claimgw.insurers.sandbox.terms import PAYER, PROVIDER


class Impossible(ClaimgwError):
    """What was asked for cannot be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A message handed to the gateway. `subject` is what it is about: a claim, a preAuthRef, a provider."""

    event: str
    header: str
    subject: str
    taken: bool


class Control:
    """The hand on the insurer: of the control page, of tests, of `claimgw demo`.

    In process it is `InProcess.control`; a demo steers with it what the story needs and awaits each step:

        await control.ask("CLM-1")                  # a communication-request about a claim
        await control.decide("CLM-1", Judgement.PARTIAL)
        await control.pay()                         # a reconciliation for each provider
        (apa,) = await control.authorize("PR-1001")
        await control.restate(apa.subject)          # by its preAuthRef
        await control.revoke(apa.subject)
        control.behave("SILENT", number=2, times=3)

    To a sandbox server the same are orders: `POST /control/ask {"claim": "CLM-1"}` and so on (orders.py).

    Each message is handed over once: GatewayAway is raised if the gateway cannot take it now, and nothing
    was said then. Impossible is raised for a claim that is not known, or not in a state for it.
    """

    def __init__(self, insurer: Insurer, clock: Clock) -> None:
        self._insurer = insurer
        self._clock = clock
        self._payday: asyncio.Task[None] | None = None

    def known(self) -> Iterator[Case]:
        """Everything it knows of, oldest first."""
        return iter(self._insurer.cases)

    async def pay(self) -> list[Handed]:
        """Pay every complete claim with a benefit that was not paid yet."""
        return [
            await self._hand_over(payments.reconciliation(owed, self._insurer.stamp()), owed[0].payee.value)
            for owed in payments.debts(self._insurer.cases)
        ]

    def pay_every(self, seconds: float) -> None:
        """Pay at that interval from now on; 0 ends it."""
        if self._payday is not None:
            self._payday.cancel()
        self._payday = self._insurer.begin(self._pay_for_ever(seconds)) if seconds > 0 else None

    async def ask(self, claim: str, wanted: str = DEFAULT_TEXT) -> list[Handed]:
        """Ask the provider for something about that claim; the answer to it has it decided anew."""
        case = self._live(claim)
        message = questioning(case.request, self._insurer.stamp(), wanted=wanted)
        return [await self._hand_over(message, claim)]

    async def decide(self, claim: str, judgement: Judgement) -> list[Handed]:
        """Post the complete answer to that claim now, with a reissue reason where there was one before."""
        case = self._live(claim)
        return [await self._hand_over(deciding(case, judgement, self._insurer.stamp()), claim)]

    async def authorize(self, provider: str, insurer: str = "") -> list[Handed]:
        """Send that provider an advanced authorization; where several insurers are played, say whose."""
        licences = sorted(self._insurer.licences)
        if insurer and insurer not in licences:
            raise Impossible(f"no insurer {insurer} is played here")
        if not insurer and len(licences) > 1:
            raise Impossible(f"say which insurer: {', '.join(licences)}")
        stamp = self._insurer.stamp()
        parties = Party(PAYER, insurer or licences[0]), Party(PROVIDER, provider)
        grant = authorizations.new_grant(*parties, stamp)
        return [await self._hand_over(authorizations.granted(grant, stamp), grant.number)]

    async def restate(self, number: str, judgement: Judgement = Judgement.APPROVE) -> list[Handed]:
        """Send an advanced authorization again under its preAuthRef, approved or in part."""
        if judgement is Judgement.REJECT:
            raise Impossible(
                "an advanced authorization is approved or partial; it is not rejected, but revoked"
            )
        grant = authorizations.grant_of(self._advanced(number), judgement)
        message = authorizations.granted(grant, self._insurer.stamp(), again=True)
        return [await self._hand_over(message, number)]

    async def revoke(self, number: str) -> list[Handed]:
        """Take an advanced authorization back, by its preAuthRef."""
        grant = authorizations.grant_of(self._advanced(number), Judgement.APPROVE)
        return [await self._hand_over(authorizations.revoked(grant, self._insurer.stamp()), number)]

    def behave(self, behaviour: str, *, number: int | None = None, times: int = 1) -> None:
        """Meet the next so many new messages as that row says, whatever their identifiers ask for.

        `number` is what may stand after the ending: seconds or attempts.
        """
        wish = wish_named(behaviour, number)
        if wish is None:
            raise Impossible(f"there is no behaviour {behaviour}, or it takes no number")
        self._insurer.behave(wish, times)

    async def _hand_over(self, message: bytes, subject: str) -> Handed:
        told = read(message)
        return Handed(told.event, told.header_id, subject, await self._insurer.start(message))

    async def _pay_for_ever(self, seconds: float) -> None:
        while True:
            await self._clock.sleep(seconds)
            try:
                await self.pay()
            except GatewayAway:
                continue  # what was not paid is due again at the next interval

    def _live(self, claim: str) -> Case:
        case = self._insurer.cases.named(claim)
        if case is None or case.kind is Kind.ADVANCED:
            raise Impossible("no claim or authorization of that identifier came here")
        if case.cancelled:
            raise Impossible("it is cancelled: nothing more may be said of it")
        if Stage.COMPLETE not in case.outcomes and "error" in case.outcomes:
            raise Impossible("it was refused: it has no standing")
        return case

    def _advanced(self, number: str) -> Case:
        case = self._insurer.cases.named(number)
        if case is None or case.kind is not Kind.ADVANCED:
            raise Impossible("no advanced authorization has that preAuthRef")
        if case.cancelled:
            raise Impossible("it is cancelled: no other may follow it")
        return case
