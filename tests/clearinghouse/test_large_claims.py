"""What becomes of a claim that is too large to be checked while its provider waits?"""

import base64
import json

from claimgw.store import history
from claimgw.store.records import State
from tests.clearinghouse.batches import deliver, faults
from tests.clearinghouse.catalogue.senders import cancelling
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import CLAIM, Json, fresh, hanging_up, in_session, says, tags
from tests.gateway import FALCON, HOSPITAL, resource, running

# The written claim has three items.
LARGE = 3


async def checked(scene: Scene, raw: bytes) -> None:
    """The worker has looked into it, and delivered nothing yet."""
    assert (await scene.exchange(raw)).state is State.UNCHECKED
    assert await scene.work() == 0
    assert scene.insurer.received == []


def taken(answer: Json) -> bool:
    header, response = resource(answer, "MessageHeader"), resource(answer, "ClaimResponse")
    return response["outcome"] == "queued" and "large-claim" in tags(header)


async def test_it_is_taken_at_once_checked_afterwards_and_answered_by_poll(address: str) -> None:
    async with playing(address, large_items=LARGE) as scene:
        raw = fresh(CLAIM)
        body, answer = await scene.send(raw)
        assert taken(answer)
        assert "checked next" in resource(answer, "ClaimResponse")["disposition"]
        assert (await scene.send(raw))[0] == body
        await checked(scene, raw)
        assert (await scene.exchange(raw)).state is State.HELD
        await deliver(scene)
        assert scene.insurer.received == [raw]
        assert (await scene.send(raw))[1]["id"] == json.loads(scene.insurer.said[0])["id"]
        assert await scene.poll() == scene.insurer.said


async def test_what_is_wrong_with_it_comes_by_poll_and_it_is_never_delivered(address: str) -> None:
    async with playing(address, large_items=LARGE) as scene:
        raw = fresh(CLAIM).replace(b"633.4", b"633.5")
        assert taken((await scene.send(raw))[1])
        await checked(scene, raw)
        held = await scene.exchange(raw)
        assert (held.state, held.due_at) == (State.REFUSED, None)
        await deliver(scene)
        [told] = await scene.poll()
        assert faults(resource(json.loads(told), "ClaimResponse")) == [
            ("BV-00059", "bundle.entry[1].resource.total")
        ]
        assert (await scene.send(raw))[0] == told
        assert scene.insurer.received == []


async def test_it_can_be_cancelled_before_it_is_checked(sqlite: str) -> None:
    async with playing(sqlite, large_items=LARGE) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        _, answer = await scene.send(cancelling(raw))
        assert resource(answer, "Task")["status"] == "completed"
        assert (await scene.exchange(raw)).state is State.CANCELLED
        await deliver(scene)
        assert scene.insurer.received == []
        assert await scene.poll() == []


async def test_another_node_checks_what_one_has_taken(address: str) -> None:
    async with playing(address, large_items=LARGE) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        node = running(address, clock=scene.clock, worker=False, console=False, large_items=LARGE)
        async with node as after_a_restart:
            assert await after_a_restart.house.worker.look() == 0
            assert (await scene.exchange(raw)).state is State.HELD
            assert await after_a_restart.house.worker.look() == 1

            async def answered() -> bool:
                return (await scene.exchange(raw)).state is State.ANSWERED

            await until(answered)
        assert await scene.poll() == scene.insurer.said


async def test_ten_megabytes_are_taken_and_delivered_byte_for_byte(address: str) -> None:
    tree = json.loads(fresh(CLAIM))
    attachment = next(
        row["valueAttachment"]
        for row in resource(tree, "Claim")["supportingInfo"]
        if "valueAttachment" in row
    )
    attachment["data"] = base64.b64encode(b"%PDF" + bytes(7_400_000)).decode()
    raw = json.dumps(tree).encode()
    assert 9_800_000 < len(raw) < 10 * 2**20
    async with playing(address) as scene:
        assert taken((await scene.send(raw))[1])
        await checked(scene, raw)
        await deliver(scene)
        assert scene.insurer.received == [raw]


async def test_it_is_checked_at_once_though_it_may_not_overtake_what_it_is_about(sqlite: str) -> None:
    async with playing(sqlite, hanging_up, says(in_session), large_items=4) as scene:
        first = fresh(CLAIM, claim="CLM-A")
        await scene.send(first)
        tree = json.loads(fresh(CLAIM, claim="CLM-B"))
        claim = resource(tree, "Claim")
        claim["item"].append({**claim["item"][0], "sequence": 4})
        of = resource(json.loads(first), "Claim")["identifier"][0]
        prior = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"}]}
        prior["coding"][0]["code"] = "prior"
        claim["related"] = [{"claim": {"type": "Claim", "identifier": of}, "relationship": prior}]
        raw = json.dumps(tree).encode()
        assert taken((await scene.send(raw))[1])
        assert (await scene.exchange(raw)).about_id == (await scene.exchange(first)).id
        assert await scene.work() == 0
        assert (await scene.exchange(raw)).state is State.REFUSED
        assert [json.loads(one)["resourceType"] for one in await scene.poll()] == ["Bundle"]


async def test_the_history_of_a_pair_begins_with_a_large_claim_too(sqlite: str) -> None:
    async with playing(sqlite, large_items=LARGE) as scene:
        await scene.send(fresh(CLAIM))
        async with scene.gateway.database.read() as unit:
            assert await history.begins(unit, HOSPITAL, FALCON) is not None
