"""Who gets which messages out of a mailbox: filters, reservation, the lease, 10 MB, twenty polls at once?"""

import asyncio
import json
from typing import Any

import pytest

from claimgw.ids import new_id
from claimgw.store import mailbox, messages
from claimgw.store.records import MailboxEntry, Message
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import (
    AUTHORIZATION,
    CLAIM,
    Json,
    asking,
    complete,
    deferred,
    fresh,
    hanging_up,
    nested,
    opened,
    polling,
    tags,
)
from tests.gateway import CLINIC, FALCON, HOSPITAL, register, resource

COUNT_100 = asking("count", valuePositiveInt=100)


async def fill(scene: Scene, *names: str) -> list[bytes]:
    """Late answers in the mailbox, one for each request, a minute apart."""
    found = []
    for name in names:
        raw = fresh(name)
        await scene.send(raw)
        message = deferred(raw)
        await scene.tell(message)
        found.append(message)
        scene.clock.advance(60)
    return found


async def put(
    scene: Scene,
    size: int = 500,
    *,
    provider: str = HOSPITAL,
    words: str = "",
    event: str = "claim-response",
) -> bytes:
    """A message of about that size, put straight into the mailbox."""
    now = scene.clock.now()
    bundle_id = new_id(now)
    header = {"resourceType": "MessageHeader", "definition": words + "x" * max(1, size - 220)}
    tree = {"resourceType": "Bundle", "id": bundle_id, "type": "message", "entry": [{"resource": header}]}
    raw = json.dumps(tree).encode()
    message = Message(new_id(now), FALCON, provider, event, bundle_id, "", len(raw), now)
    entry = MailboxEntry(message.id, provider, event, None, None, len(raw), now)
    async with scene.gateway.database.write() as unit:
        await messages.keep(unit, message, raw)
        await mailbox.deposit(unit, entry)
    return raw


async def asked(scene: Scene, *inputs: Json, about: Json | None = None) -> list[bytes]:
    return await scene.poll(polling(*inputs, about=about))


async def test_a_poll_gets_one_message_or_as_many_as_it_counts_in_their_order(address: str) -> None:
    async with playing(address, hanging_up) as scene:
        there = await fill(scene, *[CLAIM] * 4)
        assert await asked(scene) == there[:1]
        assert await asked(scene, asking("count", valuePositiveInt=2)) == there[1:3]
        assert await asked(scene, COUNT_100) == there[3:]
        assert await asked(scene, COUNT_100) == []


async def test_a_count_may_come_as_an_integer(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        there = await fill(scene, CLAIM, CLAIM)
        assert await asked(scene, asking("count", valueInteger=2)) == there


async def test_include_and_exclude_choose_by_event(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        claim, authorization, other = await fill(scene, CLAIM, AUTHORIZATION, CLAIM)
        only = asking("include-message-type", valueCode="priorauth-response")
        concept = {"coding": [{"code": "priorauth-response"}]}
        but = asking("exclude-message-type", valueCode="claim-response")
        assert await asked(scene, asking("exclude-message-type", valueCodeableConcept=concept)) == [claim]
        assert await asked(scene, COUNT_100, only) == [authorization]
        assert await asked(scene, COUNT_100, only) == []
        assert await asked(scene, COUNT_100, but) == []
        assert await asked(scene, COUNT_100) == [other]


PERIODS: list[tuple[Json, list[int]]] = [
    ({"start": "2026-11-01T08:01:00Z"}, [1, 2]),
    ({"end": "2026-11-01T08:01:00Z"}, [0, 1]),
    ({"start": "2026-11-01T11:00:30+03:00", "end": "2026-11-01T11:01:30+03:00"}, [1]),
    ({"start": "2026-11-01", "end": "2026-11-01"}, [0, 1, 2]),
    ({"start": "2026-11", "end": "2026-11"}, [0, 1, 2]),
    ({"start": "2026", "end": "2026"}, [0, 1, 2]),
    ({"start": "2026-11-02"}, []),
    ({"end": "2026-10"}, []),
    ({"end": "2024-02-29"}, []),
    ({"end": "9999"}, [0, 1, 2]),
    ({"end": "9999-12-31"}, [0, 1, 2]),
    ({"start": "0001-01-01T00:00:00+14:00"}, [0, 1, 2]),
    ({"end": "2026-12-31T23:59:60Z"}, [0, 1, 2]),
]


@pytest.mark.parametrize(("period", "which"), PERIODS, ids=[json.dumps(period) for period, _ in PERIODS])
async def test_a_period_goes_by_the_time_of_receipt(period: Json, which: list[int], sqlite: str) -> None:
    async with playing(sqlite) as scene:
        there = []
        for _ in range(3):
            there.append(await put(scene))
            scene.clock.advance(60)
        found = await asked(scene, COUNT_100, asking("period", valuePeriod=period))
        assert found == [there[place] for place in which]


async def test_a_focus_gets_only_what_is_about_that_request(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        first, second = await fill(scene, CLAIM, CLAIM)
        about = opened(second).request_identifier
        assert about is not None
        assert await asked(scene, COUNT_100, about=about.on_the_wire()) == [second]
        assert await asked(scene, COUNT_100, about=about.on_the_wire()) == []
        assert await asked(scene, COUNT_100) == [first]


async def post_unread(scene: Scene, raw: bytes) -> None:
    """Poll as a client that is gone before the answer is written."""

    async def receive() -> Json:
        return (
            {"type": "http.request", "body": raw, "more_body": False}
            if body_due.pop()
            else {"type": "http.disconnect"}
        )

    async def send(_: Any) -> None:
        return None

    body_due = [False] * 10 + [True]
    headers = {"content-type": "application/fhir+json", "authorization": f"Bearer {scene.key}"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/$process-message",
        "raw_path": b"/$process-message",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("gateway", 80),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
    }
    await scene.gateway.app(scope, receive, send)


async def test_what_a_poll_has_reserved_is_invisible_to_others_until_its_lease_ends(address: str) -> None:
    async with playing(address, poll_lease_seconds=60) as scene:
        there = await put(scene)
        lost = polling()
        await post_unread(scene, lost)
        assert await asked(scene) == []
        scene.clock.advance(59)
        assert await asked(scene) == []
        scene.clock.advance(2)
        assert await asked(scene) == [there]


async def test_a_poll_whose_answer_was_lost_gets_it_again(address: str) -> None:
    async with playing(address, poll_lease_seconds=60) as scene:
        there = await put(scene)
        lost = polling()
        await post_unread(scene, lost)
        scene.clock.advance(59)
        assert await scene.poll(lost) == [there]
        scene.clock.advance(100)
        assert await asked(scene) == []


async def test_the_same_poll_again_rebuilds_the_same_answer(address: str) -> None:
    async with playing(address) as scene:
        there = [await put(scene)]
        scene.clock.advance(1)
        raw = polling(COUNT_100)
        first = (await scene.gateway.post(raw, scene.key)).content
        assert nested(first) == there
        scene.clock.advance(1000)
        assert (await scene.gateway.post(raw, scene.key)).content == first


async def test_the_same_poll_again_differs_by_the_tag_only_when_more_has_come(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        await put(scene)
        raw = polling()
        first = await scene.gateway.post(raw, scene.key)
        await put(scene)
        again = await scene.gateway.post(raw, scene.key)
        assert tags(resource(again.json(), "MessageHeader")) == ["queued-messages"]
        splice = (
            '"tag":[{"system":"http://nphies.sa/terminology/CodeSystem/meta-tags","code":"queued-messages"}],'
        )
        assert again.content.replace(splice.encode(), b"", 1) == first.content


async def test_a_poll_answer_stays_within_10_mb(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        there = []
        for _ in range(3):
            there.append(await put(scene, 4 * 1024 * 1024))
            scene.clock.advance(1)
        response = await scene.gateway.post(polling(COUNT_100), scene.key)
        assert len(response.content) <= 10 * 1024 * 1024
        assert tags(resource(response.json(), "MessageHeader")) == ["queued-messages"]
        assert nested(response.content) == there[:2]
        assert await asked(scene, COUNT_100) == there[2:]


async def test_a_message_of_10_mb_goes_alone_and_blocks_nothing(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        large = await put(scene, 10 * 1024 * 1024 - 100, words="queued ")
        scene.clock.advance(1)
        small = await put(scene)
        response = await scene.gateway.post(polling(COUNT_100), scene.key)
        assert response.status_code == 200
        assert nested(response.content) == [large]
        assert await asked(scene, COUNT_100) == [small]


async def test_two_providers_never_see_each_others_messages(address: str) -> None:
    async with playing(address) as scene:
        clinic = await register(scene.gateway.database, CLINIC)
        ours, theirs = await put(scene), await put(scene, provider=CLINIC)
        from_clinic = polling(COUNT_100, sender=CLINIC)
        assert (await scene.gateway.post(polling(COUNT_100), clinic)).status_code == 403
        assert (await scene.gateway.post(from_clinic, scene.key)).status_code == 403
        assert await scene.poll(from_clinic, key=clinic) == [theirs]
        assert await asked(scene, COUNT_100) == [ours]
        _, told = await scene.send(fresh(CLAIM))
        assert tags(resource(told, "MessageHeader")) == []


async def test_polls_at_once_get_each_message_exactly_once(address: str) -> None:
    async with playing(address) as scene:
        there = [await put(scene) for _ in range(60)]
        found: list[bytes] = []
        while len(found) < 60:
            three = asking("count", valuePositiveInt=3)
            given = await asyncio.gather(*(asked(scene, three) for _ in range(20)))
            assert any(given)
            assert all(len(messages) <= 3 for messages in given)
            found += [message for messages in given for message in messages]
        assert sorted(found) == sorted(there)


async def test_an_empty_mailbox_gives_a_completed_task_without_output(sqlite: str) -> None:
    """Spec 0.3 item 7."""
    async with playing(sqlite, complete) as scene:
        tree = (await scene.gateway.post(polling(), scene.key)).json()
        task = resource(tree, "Task")
        assert task["status"] == "completed"
        assert "output" not in task
        assert "focus" not in task
        assert task["owner"] == {
            "identifier": {"system": "http://nphies.sa/license/nphies", "value": "NPHIES"}
        }
        assert tags(task) == ["NPHIES generated"]
        assert tree["entry"][0]["resource"]["response"]["code"] == "ok"
        assert "focus" not in tree["entry"][0]["resource"]


async def test_each_output_of_a_poll_points_to_its_message_and_says_when_it_came(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        await put(scene)
        tree = (await scene.gateway.post(polling(), scene.key)).json()
        [output] = resource(tree, "Task")["output"]
        addresses = [one["fullUrl"] for one in tree["entry"] if one["resource"]["resourceType"] == "Bundle"]
        assert [output["valueReference"]["reference"]] == addresses
        assert output["type"]["coding"][0] == {
            "system": "http://nphies.sa/terminology/ValueSet/task-output-type",
            "code": "response",
        }
        assert output["extension"][0]["valueDateTime"] == "2026-11-01T08:00:00.000Z"
