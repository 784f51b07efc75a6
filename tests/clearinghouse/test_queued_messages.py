"""Which answers tell a provider that more waits for it, and how do they differ from what was kept?"""

import json

from tests.clearinghouse.scene import playing
from tests.clearinghouse.spoken import (
    CLAIM,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    says,
    tags,
)
from tests.gateway import resource


async def test_every_answer_to_a_provider_whose_mailbox_is_not_empty_says_so(sqlite: str) -> None:
    plays = [hanging_up, complete, says(lambda raw: in_session(raw, "queued")), hanging_up]
    async with playing(sqlite, *plays) as scene:
        first = fresh(CLAIM)
        await scene.send(first)
        await scene.tell(deferred(first))
        faulty = fresh(CLAIM).replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)
        for raw in (fresh(CLAIM), fresh(CLAIM), fresh(CLAIM), faulty, first):
            _, told = await scene.send(raw)
            assert "queued-messages" in tags(resource(told, "MessageHeader"))
        assert len(await scene.poll()) == 1
        _, told = await scene.send(first)
        assert tags(resource(told, "MessageHeader")) == []


async def test_an_insurers_answer_with_the_tag_differs_by_the_spliced_tag_only(sqlite: str) -> None:
    async with playing(sqlite, hanging_up, complete) as scene:
        first, second = fresh(CLAIM), fresh(CLAIM)
        await scene.send(first)
        await scene.tell(deferred(first))
        body, _ = await scene.send(second)
        system = "http://nphies.sa/terminology/CodeSystem/meta-tags"
        splice = '"tag":[{"system":"' + system + '","code":"queued-messages"}],'
        assert body.replace(splice.encode(), b"", 1) == scene.insurer.said[-1] != body
        await scene.poll()
        assert (await scene.send(second))[0] == scene.insurer.said[-1]
        assert json.loads(body)


async def test_acknowledgements_never_carry_the_tag(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        for message in (deferred(raw, "partial"), deferred(raw)):
            _, told = await scene.tell(message)
            assert tags(resource(told, "MessageHeader")) == []
