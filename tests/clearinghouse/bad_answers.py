"""What is wrong with an insurer's message because of what came before it, or did not?"""

import json
import uuid
from collections.abc import Callable
from functools import partial

from tests.clearinghouse.bad_said import (
    asking_about,
    cancelling,
    granting,
    late_on_cancellation,
    paid_for,
    paying,
)
from tests.clearinghouse.bad_steps import (
    CANCELLED,
    QUEUED,
    Alone,
    Row,
    Rows,
    after,
    alone,
    authorization,
    failed,
    given_up,
    number,
    of_clinic,
    queued,
    refused,
    revoked,
    to_rose,
)
from tests.clearinghouse.bad_world import World, between, changed, claim, named, nobodys, sent_to
from tests.clearinghouse.spoken import Json, deferred
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL

# The events that insurers post as an answer, with the request they answer.
ANSWERS: dict[str, Callable[[str], bytes]] = {"claim-response": claim, "priorauth-response": authorization}


def rows() -> Rows:
    found: Rows = {}
    for event, asked in ANSWERS.items():
        found |= {(event, fault): row for fault, row in _answers(asked).items()}
    return found | {**_cancellations(), **_authorizations(), **_questions(), **_payments()}


def _answers(asked: Callable[[str], bytes]) -> dict[str, Row]:
    def late(raw: bytes, _: bytes) -> bytes:
        return deferred(raw)

    def of(ending: str = "") -> Alone:
        return lambda: asked(ending)

    return {
        "to nothing": alone(lambda: deferred(asked("")), FALCON),
        "to another provider's request": after(
            lambda raw, _: between(deferred(raw), CLINIC, FALCON),
            FALCON,
            asked=of(QUEUED),
            outcome="queued",
        ),
        "by an insurer that was not asked": after(
            lambda raw, _: between(deferred(raw), HOSPITAL, DESERT_ROSE),
            DESERT_ROSE,
            asked=of(QUEUED),
            outcome="queued",
        ),
        "to a refused request": after(late, FALCON, asked=_refused(asked), outcome="error"),
        "after an error": after(late, FALCON, asked=of("-ERROR"), outcome="error"),
        "to a cancelled request": after(late, FALCON, asked=of(), then=CANCELLED),
        "complete again, without a reason": after(late, FALCON, asked=of()),
        "partial after a complete one": after(
            lambda raw, _: deferred(raw, "partial", earlier=("complete",)), FALCON, asked=of()
        ),
        "of another event than was asked for": after(
            lambda raw, _: _of_the_other_event(deferred(raw)), FALCON, asked=of(QUEUED), outcome="queued"
        ),
    }


def _refused(asked: Callable[[str], bytes]) -> Alone:
    """Of another use than its event, it is refused by the gateway."""
    return lambda: changed(asked(""), lambda tree: _reuse(tree["entry"][1]["resource"]))


def _reuse(resource: Json) -> None:
    resource["use"] = "claim" if resource["use"] == "preauthorization" else "preauthorization"


def _of_the_other_event(raw: bytes) -> bytes:
    tree = json.loads(raw)
    head, answer = (entry["resource"] for entry in tree["entry"][:2])
    late = head["eventCoding"]["code"] == "claim-response"
    head["eventCoding"]["code"] = "priorauth-response" if late else "claim-response"
    _reuse(answer)
    return json.dumps(tree).encode()


def _cancellations() -> Rows:
    return {
        ("cancel-response", "to nothing"): alone(lambda: late_on_cancellation(cancelling(nobodys())), FALCON),
        ("cancel-response", "about a claim that nobody cancels"): after(
            lambda raw, _: late_on_cancellation(cancelling(named(raw))), FALCON
        ),
        ("cancel-response", "by an insurer that was not asked"): after(
            lambda raw, _: late_on_cancellation(cancelling(named(raw)), to=DESERT_ROSE),
            DESERT_ROSE,
            then=CANCELLED,
        ),
        ("cancel-response", "a second time"): after(
            lambda raw, _: late_on_cancellation(cancelling(named(raw))), FALCON, then=CANCELLED
        ),
    }


def _authorizations() -> Rows:
    again = partial(granting, name="advanced-authorization-restated")
    return {
        ("advanced-authorization", "to a provider that is none here"): alone(
            lambda: granting(number(), of="provider:PR-9999"), FALCON
        ),
        ("advanced-authorization", "to another provider than it authorizes"): alone(
            lambda: sent_to(granting(number()), CLINIC), FALCON
        ),
        ("advanced-authorization", "restated, that nobody gave"): alone(lambda: again(number()), FALCON),
        ("advanced-authorization", "restated by another insurer"): _numbered(
            lambda under: again(under, to=DESERT_ROSE), DESERT_ROSE
        ),
        ("advanced-authorization", "restated to another provider"): _numbered(
            lambda under: again(under, of=CLINIC), FALCON
        ),
        ("advanced-authorization", "under a used number, without a reason"): _numbered(granting, FALCON),
        ("advanced-authorization", "under another patient's number"): _numbered(
            lambda under: granting(under).replace(b"1098765401", b"1098765419"), FALCON
        ),
        ("advanced-authorization", "after its insurer cancelled it"): revoked(
            lambda _, under: again(under), FALCON
        ),
        ("advanced-authorization", "after its provider cancelled it"): given_up,
    }


def _numbered(make: Callable[[str], bytes], who: str) -> Row:
    """Falcon gave the hospital an advanced authorization; what is made of its number."""

    async def commit(world: World) -> tuple[bytes, str]:
        under = number()
        await world.say(granting(under), FALCON)
        return make(under), who

    return commit


def _questions() -> Rows:
    def about(raw: bytes, _: bytes) -> bytes:
        return asking_about(named(raw))

    return {
        ("communication-request", "about what nobody sent"): alone(lambda: asking_about(nobodys()), FALCON),
        ("communication-request", "about an authorization that nobody gave"): alone(
            lambda: asking_about(nobodys("ClaimResponse")), FALCON
        ),
        ("communication-request", "about another provider's claim"): after(
            about, FALCON, asked=of_clinic, by=CLINIC
        ),
        ("communication-request", "about a claim to another insurer"): after(about, FALCON, asked=to_rose),
        ("communication-request", "about a refused claim"): after(
            about, FALCON, asked=refused, outcome="error"
        ),
        ("communication-request", "to another provider than is asked"): after(
            lambda raw, _: sent_to(asking_about(named(raw)), CLINIC), FALCON
        ),
        ("communication-request", "to a provider that is none here"): alone(
            lambda: asking_about(nobodys(), of="provider:PR-9999"), FALCON
        ),
    }


def _payments() -> Rows:
    return {
        ("payment-reconciliation", "of what nobody sent"): alone(
            lambda: paying(nobodys(), nobodys("ClaimResponse")), FALCON
        ),
        ("payment-reconciliation", "by an answer that nobody gave"): after(
            lambda raw, _: paying(named(raw), nobodys("ClaimResponse")), FALCON
        ),
        ("payment-reconciliation", "of another insurer's claim"): after(paid_for, FALCON, asked=to_rose),
        ("payment-reconciliation", "to another provider than claimed"): after(
            paid_for, FALCON, asked=of_clinic, by=CLINIC
        ),
        ("payment-reconciliation", "of a cancelled claim"): after(paid_for, FALCON, then=CANCELLED),
        ("payment-reconciliation", "of a claim answered with an error"): after(
            paid_for, FALCON, asked=failed, outcome="error"
        ),
        ("payment-reconciliation", "of a claim that is not decided"): after(
            paid_for, FALCON, asked=queued, outcome="queued"
        ),
        ("payment-reconciliation", "by the answer to another claim"): _by_anothers_answer,
        ("payment-reconciliation", "under a used identifier"): _paid_twice,
    }


async def _by_anothers_answer(world: World) -> tuple[bytes, str]:
    raw, other = claim(), claim()
    await world.claimed(raw)
    return paying(named(raw), named(await world.claimed(other))), FALCON


async def _paid_twice(world: World) -> tuple[bytes, str]:
    raw, used = claim(), f"PAY-{uuid.uuid4().hex[:12]}"
    answer = await world.claimed(raw)
    await world.say(paid_for(raw, answer, identifier=used), FALCON)
    return paid_for(raw, answer, identifier=used), FALCON
