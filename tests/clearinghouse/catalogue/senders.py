"""What is sent in each row of the table? The written examples under new ids, after all they presuppose."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.clearinghouse.catalogue.stage import Mood, Sent, Stage, by_itself
from tests.clearinghouse.spoken import AUTHORIZATION, CLAIM, fresh, opened, polling
from tests.gateway import example
from tests.insurers.sandbox_requests import decode, encode

Compose = Callable[[Stage], Awaitable[Sent]]


def an(name: str, **changed: Any) -> bytes:
    """An example under new ids; `changed` replaces elements of its focus, None takes them out."""
    tree = decode(fresh(name))
    resource = tree["entry"][1]["resource"]
    resource.update(changed)
    for element in [element for element, value in changed.items() if value is None]:
        del resource[element]
    return encode(tree)


def naming(raw: bytes) -> dict[str, Any]:
    """The reference by which a later message names that request."""
    envelope = opened(raw)
    named = envelope.focal_identifier
    assert envelope.focal is not None
    assert named is not None
    return {"type": envelope.focal.type, "identifier": {"system": named.system, "value": named.value}}


def cancelling(target: bytes, example_: str = "cancel-request") -> bytes:
    return an(example_, focus=naming(target))


def checking(target: bytes) -> bytes:
    return an("status-check", focus=naming(target))


def communicating(target: bytes, question: bytes | None = None) -> bytes:
    based_on = [naming(question)] if question else None
    return an("communication", about=[naming(target)], basedOn=based_on)


def resubmitting(target: bytes) -> bytes:
    system = "http://nphies.sa/terminology/CodeSystem/related-claim-relationship"
    relationship = {"coding": [{"system": system, "code": "prior"}]}
    return an(CLAIM, related=[{"claim": naming(target), "relationship": relationship}])


async def eligibility(_: Stage) -> Sent:
    return Sent(an("eligibility-request"))


async def authorization(_: Stage) -> Sent:
    return Sent(fresh(AUTHORIZATION))


async def claim(_: Stage) -> Sent:
    return Sent(fresh(CLAIM))


async def batch(_: Stage) -> Sent:
    """Three claims; every id and identifier in them is new."""
    raw = example("batch-request-three")
    tree = json.loads(raw)
    inner = [entry["resource"] for entry in tree["entry"][1:]]
    old = [tree["id"], tree["entry"][0]["resource"]["id"], "BAT-2026-10"]
    for one in inner:
        claimed = one["entry"][1]["resource"]
        old += [one["id"], one["entry"][0]["resource"]["id"], claimed["identifier"][0]["value"]]
    for known in old:
        made = str(uuid.uuid4()) if len(known) == 36 else f"{known[:3]}-{uuid.uuid4()}"
        raw = raw.replace(f'{known}"'.encode(), f'{made}"'.encode())
    return Sent(raw, parts=tuple(_members(raw)))


def _members(raw: bytes) -> list[bytes]:
    """The bytes of the messages inside, as they stand."""
    text, found = raw.decode(), []
    for entry in json.loads(raw)["entry"][1:]:
        start = text.index("{", text.index(f'"fullUrl": "{entry["fullUrl"]}"'))
        _, end = json.JSONDecoder().raw_decode(text, start)
        found.append(text[start:end].encode())
    return found


async def cancellation(stage: Stage) -> Sent:
    target = await stage.done(fresh(CLAIM))
    return Sent(cancelling(target), target=target)


async def cancellation_of_authorization(stage: Stage) -> Sent:
    target = await stage.done(fresh(AUTHORIZATION))
    return Sent(cancelling(target), target=target)


async def nullification(stage: Stage) -> Sent:
    target = await stage.done(fresh(CLAIM))
    return Sent(cancelling(target, "cancel-request-nullify"), target=target)


async def status(stage: Stage) -> Sent:
    return Sent(checking(await stage.done(fresh(CLAIM))))


async def communication(stage: Stage) -> Sent:
    return Sent(communicating(await stage.done(fresh(CLAIM))))


async def solicited(stage: Stage) -> Sent:
    target = await stage.done(fresh(CLAIM))
    return Sent(communicating(target, await stage.done(await asked(stage, target))))


async def notice_of_payment(stage: Stage) -> Sent:
    paid = await stage.done((await reconciliation(stage)).raw)
    payment = decode(paid)["entry"][1]["resource"]
    changed = {name: payment[into] for name, into in (("amount", "paymentAmount"), ("paymentDate",) * 2)}
    created = payment["created"]
    return Sent(an("payment-notice", payment=naming(paid), created=created, **changed))


async def poll(_: Stage) -> Sent:
    return Sent(polling())


async def late_authorization(stage: Stage) -> Sent:
    return await _late(stage, fresh(AUTHORIZATION))


async def late_claim(stage: Stage) -> Sent:
    return await _late(stage, fresh(CLAIM))


async def _late(stage: Stage, asked_: bytes) -> Sent:
    """The insurer's answer as its own message: in the session it had said nothing."""
    stage.mood = Mood.CLOSES
    await stage.post(asked_)
    stage.mood = Mood.ANSWERS
    return Sent(by_itself(stage.answers[opened(asked_).header_id or ""]), target=asked_)


async def advanced(stage: Stage) -> Sent:
    await stage.desk.control.authorize("PR-1001")
    return Sent(stage.begun[-1])


async def question(stage: Stage) -> Sent:
    target = await stage.done(fresh(CLAIM))
    return Sent(await asked(stage, target), target=target)


async def asked(stage: Stage, target: bytes) -> bytes:
    named = opened(target).focal_identifier
    assert named is not None
    await stage.desk.control.ask(named.value)
    return stage.begun[-1]


async def reconciliation(stage: Stage) -> Sent:
    target = await stage.done(fresh(CLAIM))
    await stage.desk.control.pay()
    return Sent(stage.begun[-1], target=target)


SENDERS: Mapping[str, Compose] = {
    "eligibility-request": eligibility,
    "priorauth-request": authorization,
    "claim-request": claim,
    "claim-request, large": claim,
    "batch-request": batch,
    "cancel-request of a claim": cancellation,
    "cancel-request of an authorization": cancellation_of_authorization,
    "cancel-request, to nullify": nullification,
    "status-check": status,
    "communication, unsolicited": communication,
    "communication, solicited": solicited,
    "payment-notice": notice_of_payment,
    "poll-request": poll,
    "priorauth-response, deferred": late_authorization,
    "claim-response, deferred": late_claim,
    "advanced-authorization": advanced,
    "communication-request": question,
    "payment-reconciliation": reconciliation,
}
