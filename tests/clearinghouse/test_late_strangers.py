"""Which late messages of insurers are refused, and in what words?"""

from collections.abc import Callable

import pytest

from claimgw.store.records import State
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import (
    CLAIM,
    Json,
    deferred,
    fresh,
    hanging_up,
    in_session,
    tags,
)
from tests.gateway import DESERT_ROSE, FALCON, HOSPITAL, register, resource


def said_of(told: Json) -> tuple[str, list[str]]:
    """The response code of an acknowledgement and the codes of its OperationOutcome."""
    outcomes = [one["resource"] for one in told["entry"][1:]]
    codes = [issue["details"]["coding"][0]["code"] for outcome in outcomes for issue in outcome["issue"]]
    return resource(told, "MessageHeader")["response"]["code"], codes


async def test_the_same_late_message_twice_gets_the_same_acknowledgement(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        final = deferred(raw)
        first, _ = await scene.tell(final)
        again, _ = await scene.tell(final)
        assert first == again
        assert await scene.poll() == [final]


async def stranger(scene: Scene, raw: bytes) -> tuple[bytes, str]:
    key = await register(scene.gateway.database, DESERT_ROSE)
    scene.clock.advance(3)
    return deferred(raw).replace(FALCON.encode()[6:], DESERT_ROSE.encode()[6:]), key


async def unknown(scene: Scene, _: bytes) -> tuple[bytes, str]:
    return deferred(fresh(CLAIM)), scene.insurer_key


async def other_provider(scene: Scene, raw: bytes) -> tuple[bytes, str]:
    await register(scene.gateway.database, "provider:PR-1009")
    scene.clock.advance(3)
    return deferred(raw).replace(HOSPITAL.encode()[9:], b"PR-1009"), scene.insurer_key


async def wrong_event(scene: Scene, raw: bytes) -> tuple[bytes, str]:
    text = deferred(raw).replace(b'"code":"claim-response"', b'"code":"priorauth-response"')
    return text.replace(b'"use":"claim"', b'"use":"preauthorization"'), scene.insurer_key


MISFITS = {
    "stranger": (stranger, ["BV-00447"]),
    "unknown claim": (unknown, ["BV-00003"]),
    "another provider": (other_provider, ["BV-00003"]),
    "event of authorizations": (wrong_event, ["BV-00543"]),
}


@pytest.mark.parametrize("what", MISFITS)
async def test_a_late_message_that_fits_no_request_is_refused_and_changes_nothing(
    what: str, sqlite: str
) -> None:
    made, codes = MISFITS[what]
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        before = await scene.exchange(raw)
        message, key = await made(scene, raw)
        _, told = await scene.tell(message, key)
        code, found = said_of(told)
        assert code == "fatal-error"
        assert set(codes) <= set(found)
        assert await scene.exchange(raw) == before
        assert await scene.poll() == []


async def test_a_late_message_that_says_which_request_it_answers_is_taken(sqlite: str) -> None:
    """Spec 0.3 item 12: a provider can use it, although BV-00248 wants no `response` there."""
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        final = in_session(raw)
        _, told = await scene.tell(final)
        assert said_of(told) == ("ok", [])
        assert await scene.poll() == [final]


async def test_a_late_message_about_a_refused_claim_is_refused(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        raw = fresh(CLAIM)
        faulty = raw.replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
        await scene.send(faulty)
        assert (await scene.exchange(raw)).state is State.REFUSED
        _, told = await scene.tell(deferred(raw))
        assert said_of(told) == ("fatal-error", ["BV-00146"])


def without_outcome(raw: bytes) -> bytes:
    return deferred(raw).replace(b'"outcome":"complete",', b"")


def with_unknown_outcome(raw: bytes) -> bytes:
    return deferred(raw).replace(b'"outcome":"complete"', b'"outcome":"maybe"')


@pytest.mark.parametrize("made", [without_outcome, with_unknown_outcome])
async def test_a_late_message_without_a_usable_outcome_is_refused(
    made: Callable[[bytes], bytes], sqlite: str
) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        _, told = await scene.tell(made(raw))
        code, codes = said_of(told)
        assert code == "fatal-error"
        assert codes
        assert await scene.poll() == []


async def test_acknowledgements_have_the_shape_of_real_ones(sqlite: str) -> None:
    """Spec 0.3 item 6, and item 4: no mark of authorship but the sender."""
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        _, good = await scene.tell(deferred(raw))
        _, bad = await scene.tell(deferred(fresh(CLAIM)))
        for told in (good, bad):
            header = resource(told, "MessageHeader")
            assert header["eventCoding"]["code"] == "acknowledgement"
            assert header["sender"]["identifier"]["value"] == "NPHIES"
            assert "focus" not in header
            assert tags(told) == tags(header) == []
        assert [one["resource"]["resourceType"] for one in good["entry"]] == ["MessageHeader"]
        outcome = bad["entry"][1]
        assert outcome["fullUrl"] == f"http://nphies.sa/OperationOutcome/{outcome['resource']['id']}"
        assert bad["entry"][0]["resource"]["response"]["details"] == {"reference": outcome["fullUrl"]}
        assert outcome["resource"]["meta"]["profile"][0].endswith("/operationoutcome|1.0.0")
        [issue] = outcome["resource"]["issue"]
        assert (issue["severity"], issue["code"]) == ("error", "business-rule")
        assert issue["expression"]
