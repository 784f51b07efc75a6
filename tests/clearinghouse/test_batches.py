"""What becomes of a batch: of its claims, of those with faults, of copies, and of the batch as a whole?"""

import asyncio
import json
import uuid
from collections.abc import Callable

import pytest

from claimgw.conformance import Direction, check
from claimgw.store import lanes
from claimgw.store.records import State
from tests.clearinghouse.batches import (
    Change,
    batch,
    batch_extensions,
    deliver,
    faults,
    known,
    member,
    outcomes,
    three,
    told,
)
from tests.clearinghouse.scene import playing
from tests.clearinghouse.spoken import Json, deferred, in_session, opened, says, tags
from tests.conformance import real_messages
from tests.gateway import example, parsed, register, resource, running

# One after the other, so that the order in which they arrive can be told.
ONE_BY_ONE = {"most_in_flight": 1}


async def test_each_claim_is_answered_at_once_and_delivered_byte_for_byte_in_order(address: str) -> None:
    async with playing(address, participant=ONE_BY_ONE) as scene:
        raw, members = three()
        body, answer = await scene.send(raw)
        assert check(opened(body), scene.clock.now(), direction=Direction.ANSWER) == []
        assert resource(answer, "MessageHeader")["response"] == {
            "identifier": opened(raw).header_id,
            "code": "ok",
        }
        assert tags(answer) == ["nphies-generated"]
        assert outcomes(answer) == ["queued"] * 3
        for one, claim in zip(answer["entry"][1:], members, strict=True):
            asked = opened(claim)
            assert resource(one["resource"], "MessageHeader")["response"]["identifier"] == asked.header_id
            assert asked.focal
            said = resource(one["resource"], "ClaimResponse")
            assert batch_extensions(said) == batch_extensions(asked.focal.resource)
        assert scene.insurer.received == []
        assert await known(scene, members) == ["held"] * 3
        await deliver(scene)
        assert scene.insurer.received == members
        assert await scene.poll() == scene.insurer.said
        assert await known(scene, members) == ["answered"] * 3


async def test_a_refused_claim_leaves_its_siblings_alone(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        raw = example("batch-request-refused")
        _, answer = await scene.send(raw)
        assert outcomes(answer) == ["queued", "error", "queued"]
        assert faults(told(answer)[1]) == [("BV-00059", "bundle.entry[1].resource.total")]
        members = [json.dumps(one["resource"]).encode() for one in json.loads(raw)["entry"][1:]]
        assert await known(scene, members) == ["held", "refused", "held"]
        await deliver(scene)
        assert len(scene.insurer.received) == 2
        assert len(await scene.poll()) == 2


def _unsound(claim: Json) -> None:
    resource(claim, "Claim")["created"] = "yesterday"


def _null(claim: Json) -> None:
    resource(claim, "Claim")["priority"] = None


def _relative(claim: Json) -> None:
    resource(claim, "Claim")["patient"] = {"reference": "Patient/51001"}


def _by_uuid(claim: Json) -> None:
    patient = next(one for one in claim["entry"] if one["resource"]["resourceType"] == "Patient")
    text = json.dumps(claim).replace(patient["fullUrl"], f"urn:uuid:{uuid.uuid4()}")
    claim.update(json.loads(text))


def _wrong_total(claim: Json) -> None:
    resource(claim, "Claim")["total"]["value"] = 1


def _number_of_a_sibling(claim: Json) -> None:
    number = next(one for one in resource(claim, "Claim")["extension"] if "batch-number" in one["url"])
    number["valuePositiveInt"] = 1


def _of_another_batch(claim: Json) -> None:
    of = next(one for one in resource(claim, "Claim")["extension"] if "batch-identifier" in one["url"])
    of["valueIdentifier"]["value"] = "BAT-2"


def _for_another_insurer(claim: Json) -> None:
    receiver = claim["entry"][0]["resource"]["destination"][0]["receiver"]
    receiver["identifier"]["value"] = "INS-2002"


OUTER, INNER = "Bundle.entry[2].resource.entry[1].resource.", "bundle.entry[1].resource."
WITHIN: dict[str, tuple[Change, set[tuple[str, str]]]] = {
    "structure": (_unsound, {("DT-00074", f"{OUTER}created")}),
    "null": (_null, {("GE-00013", OUTER.removesuffix("."))}),
    "relative reference": (_relative, {("RE-00169", f"{OUTER}patient")}),
    "total": (_wrong_total, {("BV-00059", f"{INNER}total")}),
    "number": (_number_of_a_sibling, {("BV-00385", f"{INNER}extension[1].value")}),
    "batch": (_of_another_batch, {("BV-00451", f"{INNER}extension[0].value")}),
    "receiver": (
        _for_another_insurer,
        {(code, "bundle.entry[0].resource.destination[0].receiver") for code in ("BV-00238", "GE-00034")},
    ),
}


@pytest.mark.parametrize("fault", WITHIN)
async def test_structure_is_placed_from_the_batch_and_business_from_the_claim(
    fault: str, sqlite: str
) -> None:
    change, expected = WITHIN[fault]
    async with playing(sqlite) as scene:
        raw, members = three(change)
        _, answer = await scene.send(raw)
        assert outcomes(answer) == ["queued", "error", "queued"], faults(answer)
        assert set(faults(told(answer)[1])) == expected
        assert await known(scene, members) == ["held", "refused", "held"]


def _lost_focus(outer: Json) -> None:
    outer["entry"][0]["resource"]["focus"][1]["reference"] = "http://alwaha.example/fhir/Bundle/none"


def _unknown_receiver(outer: Json) -> None:
    outer.update(json.loads(json.dumps(outer).replace("INS-2001", "INS-9999")))


def _no_message() -> bytes:
    tree = json.loads(member(9))
    return json.dumps({**tree, "entry": tree["entry"][1:]}).encode()


FOCUS = ("RE-00169", "Bundle.entry[0].resource.focus[1]")
WHOLE: dict[str, tuple[Callable[[], bytes], set[tuple[str, str]]]] = {
    "an outer focus that leads nowhere, and what is wrong inside": (
        lambda: batch(member(1), member(2, _unsound), member(3, _wrong_total), change=_lost_focus),
        {FOCUS, ("DT-00074", f"{OUTER}created")},
    ),
    "a member that is no message": (
        lambda: batch(member(1), member(2, _wrong_total), _no_message()),
        {("BV-00237", "bundle.entry[3].resource"), ("BV-00059", f"{INNER}total")},
    ),
    "a receiver nobody knows": (
        lambda: batch(member(1), member(2), change=_unknown_receiver),
        {("GE-00015", "Bundle.entry[0].resource.destination[0].receiver")},
    ),
    "more claims than are taken": (
        lambda: batch(*(member(number) for number in range(1, 6))),
        {("BV-00373", "bundle.entry")},
    ),
}


@pytest.mark.parametrize("why", WHOLE)
async def test_a_batch_is_refused_as_a_whole_for(why: str, sqlite: str) -> None:
    make, expected = WHOLE[why]
    async with playing(sqlite, batch_size=4) as scene:
        raw = make()
        body, answer = await scene.send(raw)
        header = resource(answer, "MessageHeader")
        assert (header["eventCoding"]["code"], header["response"]["code"]) == (
            "batch-response",
            "fatal-error",
        )
        assert expected <= set(faults(answer)), faults(answer)
        assert len(answer["entry"]) == 2
        assert (await scene.send(raw))[0] == body
        assert await scene.work() == 0
        async with scene.gateway.database.read() as unit:
            assert await lanes.lanes_due(unit, scene.clock.now()) == []


async def test_an_exact_copy_of_a_batch_gets_the_same_answer_and_nothing_is_sent_twice(address: str) -> None:
    async with playing(address, participant=ONE_BY_ONE) as scene:
        raw, members = three(_wrong_total)
        (first, _), (second, _) = await asyncio.gather(scene.send(raw), scene.send(raw))
        assert first == second
        await deliver(scene)
        assert (await scene.send(raw))[1]["id"] == json.loads(first)["id"]
        assert scene.insurer.received == [members[0], members[2]]


async def test_claims_that_were_sent_before_get_their_recorded_answer(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        alone, fresh_one = member(1), member(2)
        said, answer = await scene.send(alone)
        # The batch extensions change nothing about a single claim.
        assert resource(answer, "ClaimResponse")["outcome"] == "complete"
        _, again = await scene.send(batch(alone, fresh_one))
        assert outcomes(again) == ["complete", "queued"]
        assert again["entry"][1]["resource"] == json.loads(said)
        await deliver(scene)
        assert scene.insurer.received == [alone, fresh_one]


async def test_a_claim_that_comes_alone_and_in_a_batch_at_once_is_delivered_once(address: str) -> None:
    async with playing(address) as scene:
        claim, sibling = member(1), member(2)
        raw = batch(claim, sibling)
        answers = await asyncio.gather(scene.send(raw), scene.send(claim), scene.send(raw))
        assert answers[0] == answers[2]
        await deliver(scene)
        assert sorted(scene.insurer.received) == sorted([claim, sibling])


def _used(claim: bytes, key: str) -> bytes:
    """Another claim under one id of that one."""
    tree, other = json.loads(claim), json.loads(member(7))
    if key == "both ids":
        other["id"] = tree["id"]
    if key != "identifier":
        other["entry"][0]["resource"]["id"] = tree["entry"][0]["resource"]["id"]
        other["entry"][0]["fullUrl"] = tree["entry"][0]["fullUrl"]
    else:
        resource(other, "Claim")["identifier"] = resource(tree, "Claim")["identifier"]
        resource(other, "Claim")["supportingInfo"][1]["valueString"] = "Another history."
    return json.dumps(other).encode()


@pytest.mark.parametrize(
    ("earlier", "key", "code"),
    [
        (True, "both ids", "BV-00533"),
        (True, "MessageHeader.id", "BV-00532"),
        (True, "identifier", "BV-00457"),
        (False, "MessageHeader.id", "BV-00532"),
        (False, "identifier", "BV-00457"),
    ],
)
async def test_ids_that_stand_for_another_claim_refuse_that_member_only(
    earlier: bool, key: str, code: str, sqlite: str
) -> None:
    async with playing(sqlite) as scene:
        first, last = member(1), member(3)
        if earlier:
            await scene.send(first)
        raw = batch(member(2) if earlier else first, _used(first, key), last)
        _, answer = await scene.send(raw)
        assert outcomes(answer) == ["queued", "error", "queued"]
        assert [one for one, _ in faults(told(answer)[1])] == [code]
        assert (await scene.exchange(last)).state is State.HELD


async def test_a_batch_identifier_that_is_used_again_is_told_with_each_claim(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        _, first = await scene.send(batch(member(1), member(2)))
        scene.clock.advance(1)
        _, again = await scene.send(batch(member(3), member(4)))
        _, another = await scene.send(batch(member(1, identifier="BAT-2")))
        assert outcomes(again) == ["queued", "queued"]
        expected = [[], [], ["batch"], ["batch"], []]
        said = [*told(first), *told(again), *told(another)]
        texts = [[note["text"] for note in one.get("processNote", [])] for one in said]
        found = [["batch" for text in some if "batch identifier" in text] for some in texts]
        assert found == expected


async def test_nothing_is_kept_in_the_name_of_another_provider(sqlite: str) -> None:
    def of_the_clinic(claim: Json) -> None:
        claim.update(json.loads(json.dumps(claim).replace("PR-1001", "PR-1002")))

    async with playing(sqlite) as scene:
        raw, members = three(of_the_clinic)
        _, answer = await scene.send(raw)
        assert outcomes(answer) == ["queued", "error", "queued"]
        assert [code for code, _ in faults(told(answer)[1])] == ["BV-00227"]
        with pytest.raises(IndexError):
            await scene.exchange(members[1])


REAL = [pair for pair in real_messages.pairs() if pair.file.startswith("batch-request")]


@real_messages.needed
@pytest.mark.parametrize("pair", REAL, ids=lambda pair: pair.file)
async def test_a_real_batch_is_answered_with_the_errors_of_the_real_server(
    pair: real_messages.Pair, sqlite: str
) -> None:
    raw = real_messages.raw(pair.file)
    envelope = opened(raw)
    async with running(sqlite, worker=False, console=False) as gateway:
        key = await register(gateway.database, str(envelope.sender))
        await register(gateway.database, str(envelope.receiver))
        answer = parsed(await gateway.post(raw, key))
    if resource(answer, "MessageHeader")["response"]["code"] == "ok":
        found = {fault for one in told(answer) for fault in faults(one)}
    else:
        found = set(faults(answer))
    assert found == pair.errors


def _bare(answer: bytes) -> bytes:
    """The same without what the claim says of its batch."""
    tree = json.loads(answer)
    said = resource(tree, "ClaimResponse")
    said["extension"] = [one for one in said["extension"] if "-batch-" not in one["url"]]
    return json.dumps(tree).encode()


async def test_an_answer_without_its_batch_is_delivered_and_its_insurer_hears_of_it(sqlite: str) -> None:
    async with playing(sqlite, says(lambda raw: _bare(in_session(raw))), says(in_session)) as scene:
        first, second = member(1), member(2)
        await scene.send(batch(first))
        await deliver(scene)
        assert await scene.poll() == scene.insurer.said[:1]
        [notice] = scene.insurer.notices
        assert {code for code, _ in faults(json.loads(notice))} == {"BV-00452"}
        assert resource(json.loads(notice), "OperationOutcome")["issue"][0]["severity"] == "warning"
        await scene.send(batch(second))
        await deliver(scene)
        later = _bare(deferred(second, earlier=("complete",)))
        _, acknowledged = await scene.tell(later)
        assert resource(acknowledged, "MessageHeader")["response"]["code"] == "ok"
        assert (await scene.poll())[-1] == later
        await deliver(scene)
        assert len(scene.insurer.notices) == 2
