"""What does a sender hear that sends the same again, or something else under the same names (spec §3.4)?"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from claimgw.store.records import State
from tests.clearinghouse.catalogue.senders import batch
from tests.clearinghouse.catalogue.stage import Sent, stage
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import (
    CLAIM,
    Json,
    acknowledging,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    opened,
    polling,
    renamed,
    says,
)
from tests.gateway import CLINIC, register, resource
from tests.insurers.peers import Talk, answer
from tests.insurers.sandbox_events import assert_faultless

OTHER = b"dddddddd-eeee-4fff-8aaa-bbbbbbbbbbbb"


def codes(told: Json) -> list[str]:
    rows = resource(told, "ClaimResponse").get("error", [])
    return [row["code"]["coding"][0]["code"] for row in rows]


async def test_a_repeat_gets_the_recorded_answer_and_is_not_forwarded(address: str) -> None:
    async with playing(address, complete) as scene:
        raw = fresh(CLAIM)
        first, _ = await scene.send(raw)
        again, _ = await scene.send(raw)
        assert first == again == scene.insurer.said[0]
        assert scene.insurer.received == [raw]
        assert len(await scene.attempts(raw)) == 1


async def test_a_repeat_of_a_pended_claim_gets_the_very_same_words(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        first, _ = await scene.send(raw)
        scene.clock.advance(10)
        assert (await scene.send(raw))[0] == first
        assert scene.insurer.received == [raw]


async def test_a_repeat_of_a_refused_claim_gets_the_same_findings(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        raw = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
        first, told = await scene.send(raw)
        assert codes(told)
        scene.clock.advance(10)
        assert (await scene.send(raw))[0] == first
        assert scene.insurer.received == []


async def test_a_refused_claim_gives_its_identifier_back(address: str) -> None:
    """As recorded: two refused claims were sent again, corrected, and judged as new ones."""
    async with playing(address, complete) as scene:
        sound = fresh(CLAIM)
        faulty = renamed(sound).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
        refusal, told = await scene.send(faulty)
        assert codes(told) == ["FR-00027"]
        # The same content under other ids is judged anew, and what stands is not touched by what does not.
        assert codes((await scene.send(renamed(faulty)))[1]) == ["FR-00027"]
        assert (await scene.send(sound))[0] == scene.insurer.said[0]
        assert (await scene.send(faulty))[0] == refusal
        assert codes((await scene.send(renamed(faulty)))[1]) == ["BV-00457"]
        again = deferred(sound, earlier=("complete",))
        _, acknowledged = await scene.tell(again)
        assert resource(acknowledged, "MessageHeader")["response"]["code"] == "ok"
        assert await scene.poll() == [again]


async def test_a_copy_in_flight_is_told_so_and_is_not_forwarded(address: str) -> None:
    """Spec 0.3 item 12a: `queued` at once, with BV-00542 named in the disposition."""
    the_end = asyncio.Event()

    async def slow(talk: Talk, raw: bytes) -> bytes:
        await the_end.wait()
        said = in_session(raw)
        await talk.send(answer(said))
        return said

    async with playing(address, slow) as scene:
        raw = fresh(CLAIM)
        session = asyncio.create_task(scene.send(raw))
        await until(lambda: _taken(scene, raw))
        for copy in (raw, renamed(raw)):
            _, told = await scene.send(copy)
            response = resource(told, "ClaimResponse")
            assert response["outcome"] == "queued"
            assert "BV-00542" in response["disposition"]
            assert len(response["disposition"]) <= 250
        the_end.set()
        body, _ = await session
        assert [body] == scene.insurer.said
        assert (await scene.send(raw))[0] == body
        assert scene.insurer.received == [raw]


async def _taken(scene: Scene, raw: bytes) -> bool:
    return raw in scene.insurer.received


async def test_a_copy_within_a_batch_is_told_so_in_words_that_fit_there(sqlite: str) -> None:
    async with stage(sqlite) as made:
        sent = await batch(made)
        alone = Sent(sent.parts[0])
        session = await made.calling(alone)
        response = await made.post(sent.raw)
        assert_faultless(response.content)
        assert b"BV-00542" in response.content
        made.gate.set()
        await session
        assert made.scene.insurer.received == [alone.raw]


async def test_twenty_copies_at_once_are_forwarded_once(address: str) -> None:
    async with playing(address, complete) as scene:
        raw = fresh(CLAIM)
        told = await asyncio.gather(*(scene.send(raw) for _ in range(20)))
        assert scene.insurer.received == [raw]
        answered = [body for body, _ in told if body in scene.insurer.said]
        assert answered
        assert all(
            resource(tree, "ClaimResponse")["outcome"] == "queued"
            for body, tree in told
            if body not in scene.insurer.said
        )


async def test_the_same_claim_under_other_ids_gets_the_recorded_answer(sqlite: str) -> None:
    async with playing(sqlite, complete) as scene:
        raw = fresh(CLAIM)
        first, _ = await scene.send(raw)
        assert (await scene.send(renamed(raw)))[0] == first
        assert scene.insurer.received == [raw]


COLLISIONS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "same Bundle.id, other content": (
        lambda raw: raw.replace(b'"Rakan"', b'"Rayan"'),
        "BV-00533",
    ),
    "same Bundle.id, other MessageHeader.id": (
        lambda raw: raw.replace((opened(raw).header_id or "").encode(), OTHER),
        "BV-00540",
    ),
    "same MessageHeader.id, other Bundle.id": (
        lambda raw: raw.replace((opened(raw).bundle_id or "").encode(), OTHER),
        "BV-00532",
    ),
    "same claim identifier, other content": (
        lambda raw: renamed(raw).replace(b'"servicedDate": "2026-03-09"', b'"servicedDate": "2026-03-08"', 1),
        "BV-00457",
    ),
}


@pytest.mark.parametrize("what", COLLISIONS)
async def test_other_content_under_used_names_is_an_error_and_changes_nothing(what: str, sqlite: str) -> None:
    change, code = COLLISIONS[what]
    async with playing(sqlite, complete) as scene:
        raw = fresh(CLAIM)
        first, _ = await scene.send(raw)
        other = change(raw)
        assert other != raw
        for _ in range(2):
            _, told = await scene.send(other)
            assert codes(told) == [code]
        assert (await scene.send(raw))[0] == first
        assert scene.insurer.received == [raw]


async def test_two_providers_may_use_the_same_ids(sqlite: str) -> None:
    async with playing(sqlite, complete) as scene:
        key = await register(scene.gateway.database, CLINIC)
        raw = fresh(CLAIM)
        theirs = raw.replace(b"PR-1001", b"PR-1002")
        await scene.send(raw)
        response = await scene.gateway.post(theirs, key)
        assert resource(json.loads(response.content), "ClaimResponse")["outcome"] == "complete"
        assert scene.insurer.received == [raw, theirs]


# Names that cannot be kept


def renaming(place: str, to: Any) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        tree = json.loads(raw)
        focal = next(one["resource"] for one in tree["entry"] if one["resource"]["resourceType"] == "Claim")
        target = {"bundle": tree, "header": tree["entry"][0]["resource"], "claim": focal}[place]
        if to is None:
            del target["id"]
        else:
            target["id"] = to
        return json.dumps(tree).encode()

    return change


def other_type(raw: bytes) -> bytes:
    return raw.replace(b'"resourceType": "Claim"', b'"resourceType": "%b"' % (b"X" * 100))


def far_receiver(raw: bytes) -> bytes:
    tree = json.loads(raw)
    header = tree["entry"][0]["resource"]
    header["destination"][0]["receiver"]["identifier"]["value"] = "I" * 250
    return json.dumps(tree).encode()


HOSTILE = {
    "no Bundle.id": renaming("bundle", None),
    "Bundle.id of 65 characters": renaming("bundle", "b" * 65),
    "Bundle.id with NUL": renaming("bundle", "b\0b"),
    "no MessageHeader.id": renaming("header", None),
    "MessageHeader.id with NUL": renaming("header", "h\0h"),
    "MessageHeader.id of 65 characters": renaming("header", "h" * 65),
    "focal type of 100 characters": other_type,
    "receiver of 250 characters": far_receiver,
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_names_that_cannot_be_kept_are_refused_the_same_way_each_time(what: str, address: str) -> None:
    async with playing(address, complete) as scene:
        told = []
        for raw in (HOSTILE[what](fresh(CLAIM, claim="CLM-1")), HOSTILE[what](fresh(CLAIM, claim="CLM-2"))):
            for _ in range(2):
                response = await scene.gateway.post(raw, scene.key)
                assert response.status_code in (200, 400), response.text
                told.append((response.status_code, _codes_anywhere(response.json())))
        assert told.count(told[0]) == 4
        assert scene.insurer.received == []


def _codes_anywhere(tree: Json) -> list[str]:
    if tree["resourceType"] == "OperationOutcome":
        return [issue["details"]["coding"][0]["code"] for issue in tree["issue"]]
    return codes(tree)


@pytest.mark.parametrize("place", ["bundle", "header"])
async def test_an_insurers_answer_with_a_nul_in_an_id_ends_the_attempt(place: str, address: str) -> None:
    """PostgreSQL refuses a NUL: the attempt would stay open, and be made again for ever."""

    def spoilt(raw: bytes) -> bytes:
        tree = json.loads(in_session(raw))
        (tree if place == "bundle" else tree["entry"][0]["resource"])["id"] = "a\0b"
        return json.dumps(tree).encode()

    async with playing(address, says(spoilt)) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        assert (await scene.exchange(raw)).state is State.AWAITING_CORRECTION
        assert await scene.work() == 1
        assert len(scene.insurer.notices) == 1
        assert b"\\u0000" not in scene.insurer.notices[0]


async def test_a_poll_and_its_copies_get_the_same_answer(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        raw = polling()
        bodies = [(await scene.gateway.post(raw, scene.key)).content for _ in range(3)]
        assert len(set(bodies)) == 1
        faulty = polling().replace(b'"requested"', b'"draft"')
        bodies = [(await scene.gateway.post(faulty, scene.key)).content for _ in range(3)]
        assert len(set(bodies)) == 1
        assert b"BV-00907" in bodies[0]


async def test_an_acknowledgement_posted_by_an_insurer_has_no_use_here(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        response = await scene.gateway.post(acknowledging(fresh(CLAIM)), scene.insurer_key)
        assert response.status_code == 403
        assert _codes_anywhere(response.json()) == ["BV-00545"]
