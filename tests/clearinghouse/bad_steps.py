"""How does a fault come about? What is said before it, then the message at fault and who posts it."""

import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from claimgw.insurers.sandbox import authorizations
from claimgw.insurers.sandbox.adjudicate import Judgement
from tests.clearinghouse.bad_said import AUTHORIZATION, cancelling, granting, nullifying
from tests.clearinghouse.bad_world import World, claim, focal_of, message, named, sent_by, sent_to
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL

Row = Callable[[World], Awaitable[tuple[bytes, str]]]
Rows = dict[tuple[str, str], Row]
Alone = Callable[[], bytes]
# Of a request and of the answer it had.
Made = Callable[[bytes, bytes], bytes]
_CANCELLED = "advanced-authorization-cancelled"
# The ending by which a sandbox leaves a claim undecided for the rest of a test.
QUEUED = "-QUEUE-9999"


def alone(make: Alone, who: str = HOSPITAL) -> Row:
    """Nothing goes before."""

    async def commit(_: World) -> tuple[bytes, str]:
        return make(), who

    return commit


def after(
    make: Made,
    who: str = HOSPITAL,
    *,
    asked: Alone = claim,
    by: str = HOSPITAL,
    outcome: str = "complete",
    then: tuple[tuple[Made, str], ...] = (),
) -> Row:
    """A request was answered; `then` was said in between, each by its party."""

    async def commit(world: World) -> tuple[bytes, str]:
        raw = asked()
        answer = await world.claimed(raw, by, outcome)
        for step, teller in then:
            await world.say(step(raw, answer), teller)
        return make(raw, answer), who

    return commit


def told(make: Callable[[bytes], bytes], said: Alone, by: str, who: str = HOSPITAL) -> Row:
    """Something was said before, which had no answer but that it was taken."""

    async def commit(world: World) -> tuple[bytes, str]:
        raw = said()
        await world.say(raw, by)
        return make(raw), who

    return commit


def twice(name: str, **other: Any) -> Row:
    """The same business identifier again, for something else."""

    async def commit(world: World) -> tuple[bytes, str]:
        identifier = f"ID-{uuid.uuid4().hex}"
        await world.say(message(name, identifier=identifier))
        return message(name, identifier=identifier, **other), HOSPITAL

    return commit


def revoked(make: Callable[[bytes, str], bytes], who: str = HOSPITAL) -> Row:
    """An insurer gave an advanced authorization and cancelled it; what is made of it and of its number."""

    async def commit(world: World) -> tuple[bytes, str]:
        under = number()
        given = granting(under)
        await world.say(given, FALCON)
        await world.say(granting(under, name=_CANCELLED), FALCON)
        return make(given, under), who

    return commit


async def given_up(world: World) -> tuple[bytes, str]:
    """An advanced authorization that its provider has cancelled is restated."""
    insurer = await world.sandbox(FALCON)
    [handed] = await insurer.control.authorize(HOSPITAL.partition(":")[2])
    case = insurer.insurer.cases.named(handed.subject)
    assert case is not None
    again = authorizations.grant_of(case, Judgement.APPROVE)
    cancelled = await world.say(cancelling(await world.said_under(handed.subject)))
    assert focal_of(cancelled)["status"] == "completed"
    return authorizations.granted(again, insurer.insurer.stamp(), again=True), FALCON


def posted_by(make: Alone, licence: str) -> Row:
    return alone(lambda: sent_by(make(), licence), licence)


def addressed_to(make: Alone, licence: str) -> Row:
    return alone(lambda: sent_to(make(), licence))


# What goes before


def refused() -> bytes:
    """A claim that the gateway refuses."""
    return claim(use="preauthorization")


def authorization(ending: str = "") -> bytes:
    return message(AUTHORIZATION, identifier=f"PA-{uuid.uuid4().hex[:12]}{ending}")


def number() -> str:
    """One that no authorization has."""
    return f"FAL-{uuid.uuid4().hex[:12]}"


def cancels(raw: bytes, _: bytes) -> bytes:
    return cancelling(named(raw))


def nullifies(raw: bytes, _: bytes) -> bytes:
    return nullifying(named(raw))


queued = partial(claim, QUEUED)
failed = partial(claim, "-ERROR")
of_clinic, to_rose = partial(claim, of=CLINIC), partial(claim, to=DESERT_ROSE)
CANCELLED, NULLIFIED = ((cancels, HOSPITAL),), ((nullifies, HOSPITAL),)
