"""Can a provider see what was delivered to it, fetch it once more, and say that it has it? Only its own."""

from typing import Any

from sqlalchemy import delete

from claimgw.store.tables import body
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import opened, polling
from tests.clearinghouse.test_confirmed_polls import WAIT, confirming, given
from tests.clearinghouse.test_polls import COUNT_100, put
from tests.gateway import CLINIC, register


async def ask(scene: Scene, path: str, key: str | None = None, method: str = "GET") -> Any:
    """The JSON of the answer; the status if it is another than 200."""
    headers = {"authorization": f"Bearer {key or scene.key}"} if key != "" else {}
    response = await scene.gateway.client.request(method, path, headers=headers)
    return response.json() if response.status_code == 200 else response.status_code


async def test_what_was_delivered_in_a_period_is_told_and_given_once_more(address: str) -> None:
    async with playing(address) as scene:
        raws, polls = [], []
        for _ in range(3):
            raws.append(await put(scene))
            polls.append(opened(polling(COUNT_100)))
            await scene.gateway.post(polls[-1].raw, scene.key)
            scene.clock.advance(60)
        await put(scene)
        told = await ask(scene, "/mailbox/delivered")
        assert [row["poll"] for row in told] == [poll.header_id for poll in polls]
        assert told[0]["delivered"] == told[0]["confirmed"] == "2026-11-01T08:00:00Z"
        assert (told[0]["event"], told[0]["offers"]) == ("claim-response", 1)
        headers = {"authorization": f"Bearer {scene.key}"}
        again = await scene.gateway.client.get(f"/mailbox/delivered/{told[1]['id']}", headers=headers)
        assert (again.content, again.headers["content-type"]) == (raws[1], "application/fhir+json")
        period = "?from=2026-11-01T08:01:00Z&to=2026-11-01T11:01:30%2B03:00"
        assert await ask(scene, f"/mailbox/delivered{period}") == [told[1]]
        assert await ask(scene, "/mailbox/delivered?to=2026-11-01") == []


async def test_pages_are_in_the_order_of_delivery_and_lead_on(address: str) -> None:
    async with playing(address) as scene:
        for _ in range(5):
            await put(scene)
        await scene.poll()
        found, path = [], "/mailbox/delivered?count=2"
        while path:
            response = await scene.gateway.client.get(path, headers={"authorization": f"Bearer {scene.key}"})
            found += response.json()
            path = response.links.get("next", {}).get("url", "")
        assert len({row["id"] for row in found}) == 5
        assert await ask(scene, "/mailbox/delivered") == found


async def test_strangers_and_other_providers_see_none_of_it(address: str) -> None:
    async with playing(address) as scene:
        clinic = await register(scene.gateway.database, CLINIC)
        scene.clock.advance(6)
        await put(scene)
        await scene.poll()
        [row] = await ask(scene, "/mailbox/delivered")
        one = f"/mailbox/delivered/{row['id']}"
        confirmed = f"/mailbox/confirmed?poll={row['poll']}"
        for path, method in (("/mailbox/delivered", "GET"), (one, "GET"), (confirmed, "POST")):
            assert await ask(scene, path, "", method) == 401
            assert await ask(scene, path, "cgw_unknown", method) == 401
        assert await ask(scene, "/mailbox/delivered", clinic) == []
        assert await ask(scene, one, clinic) == 404
        assert await ask(scene, "/mailbox/delivered?provider=PR-1001", clinic) == 400
        assert await ask(scene, "/mailbox/delivered", scene.insurer_key) == 400
        assert await ask(scene, one, scene.insurer_key) == 404


QUESTIONS = [
    "from=yesterday",
    "to=",
    "count=0",
    "count=501",
    "count=%D9%A1",
    "after=x",
    "after=2026_y",
    "what=1",
    "to=1&to=2",
]


async def test_a_question_that_cannot_be_read_is_refused(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        assert [await ask(scene, f"/mailbox/delivered?{one}") for one in QUESTIONS] == [400] * len(QUESTIONS)


async def test_a_message_that_was_not_delivered_is_not_there(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        await put(scene)
        for name in ("x", "01a1961f-5c00-74cf-8c15-c53a4c112eb8"):
            assert await ask(scene, f"/mailbox/delivered/{name}") == 404


async def test_a_message_that_is_kept_no_longer_is_gone(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        await put(scene)
        await scene.poll()
        [row] = await ask(scene, "/mailbox/delivered")
        async with scene.gateway.database.write() as unit:
            await unit.execute(delete(body).where(body.c.message_id == row["id"]))
        assert await ask(scene, f"/mailbox/delivered/{row['id']}") == 410


async def test_a_client_may_say_that_it_has_what_a_poll_was_given(address: str) -> None:
    async with confirming(address) as (scene, other):
        clinic = await register(scene.gateway.database, CLINIC)
        scene.clock.advance(6)
        await put(scene)
        raw = polling(COUNT_100)
        await given(scene, raw)
        poll = f"/mailbox/confirmed?poll={opened(raw).header_id}"
        assert await ask(scene, poll, clinic, "POST") == {"confirmed": 0, "confirms": False}
        assert await ask(scene, "/mailbox/confirmed", method="POST") == {"confirmed": 0, "confirms": True}
        [row] = await ask(scene, "/mailbox/delivered")
        assert row["confirmed"] is None
        # Late, but nobody has it since.
        scene.clock.advance(WAIT + 1)
        assert await ask(scene, poll, method="POST") == {"confirmed": 1, "confirms": True}
        assert await ask(scene, poll, method="POST") == {"confirmed": 0, "confirms": True}
        [row] = await ask(scene, "/mailbox/delivered")
        assert row["confirmed"] == "2026-11-01T08:05:13Z"
        assert (await given(scene, key=other))[0] == []


async def test_what_another_poll_has_since_is_not_confirmed_by_the_one_before(address: str) -> None:
    async with confirming(address) as (scene, other):
        await put(scene)
        raw = polling(COUNT_100)
        await given(scene, raw)
        scene.clock.advance(WAIT + 1)
        told, _ = await given(scene, key=other)
        assert len(told) == 1
        poll = f"/mailbox/confirmed?poll={opened(raw).header_id}"
        assert (await ask(scene, poll, method="POST"))["confirmed"] == 0
        [row] = await ask(scene, "/mailbox/delivered")
        assert row["offers"] == 2
