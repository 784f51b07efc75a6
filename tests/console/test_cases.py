"""Does the console show a whole case: answers, questions, what else is about it, and where to find it?"""

import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest_asyncio

from claimgw.access.operators import Role, hash_password
from claimgw.store.operators import OperatorRecord, add_operator
from claimgw.store.participants import change_participant, find_participant
from tests.clearinghouse.spoken import AUTHORIZATION, CLAIM, fresh, polling
from tests.console.conftest import HASHER, PASSWORD, sign_in
from tests.endpoint.doors import Doors, open_doors
from tests.endpoint.said import answering, asking, cancelling
from tests.gateway import FALCON, HOSPITAL, example, resource


@dataclass
class Desk:
    """Somebody signed in at the console of a gateway that has had one busy morning."""

    doors: Doors
    client: httpx.AsyncClient

    async def post(self, raw: bytes, who: str = HOSPITAL) -> None:
        response = await self.doors.gateway.post(raw, self.doors.keys[who])
        assert response.json()["entry"][0]["resource"]["response"]["code"] == "ok", response.text

    async def page(self, path: str, **asked: str) -> str:
        response = await self.client.get(f"/console{path}", params=asked)
        assert response.status_code == 200
        return response.text

    async def of(self, claim: str) -> str:
        """The page of a claim, by the search that leads to it."""
        found = await self.page("/search", **{"for": claim})
        at = found.index(f">{claim}<")
        path = found[found.rindex('href="', 0, at) + 6 : at - 1]
        return await self.page(path.removeprefix("/console"))


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_doors(f"sqlite:///{tmp_path / 'claimgw.db'}", console=True) as doors:
        async with doors.gateway.database.write() as unit:
            vera = OperatorRecord(
                "vera", Role.VIEWER.value, hash_password(PASSWORD, HASHER), doors.clock.now()
            )
            await add_operator(unit, vera)
        desk = Desk(doors, doors.gateway.client)
        assert (await sign_in(desk.client, "vera")).status_code == 303
        yield desk


async def test_a_case_is_shown_with_all_that_belongs_to_it(desk: Desk) -> None:
    for claim in ("CLM-1", "CLM-2"):
        await desk.post(fresh(CLAIM, claim=claim))
    question = asking("CLM-1", "ASK-1")
    await desk.post(question, FALCON)
    page = await desk.of("CLM-1")
    for told in ("506.72", "Approved", "in the session", "INV-2026-03101", "EPI-2026-03101"):
        assert told in page, told
    assert "Services that another claim has too" in page
    assert page.index("Open questions of the insurer") < page.index("ASK-1")

    await desk.post(answering(question, "CLM-1"))
    await desk.post(cancelling("CLM-2"))
    page = await desk.of("CLM-1")
    assert "Open questions" not in page
    assert "Services that another claim" not in page
    assert page.index("Of the same case") < page.rindex("communication")
    taken_back = await desk.of("CLM-2")
    assert "it was taken back" in taken_back
    assert "Its provider took it back" in taken_back


async def test_a_message_tells_how_many_polls_were_given_it_and_who_has_it(desk: Desk) -> None:
    database, clock = desk.doors.gateway.database, desk.doors.clock
    async with database.write() as unit:
        known = await find_participant(unit, HOSPITAL)
        assert known is not None
        await change_participant(unit, replace(known, settings={"confirms": True}), clock.now())
    clock.advance(6)
    await desk.post(fresh(CLAIM, claim="CLM-1"))
    await desk.post(asking("CLM-1", "ASK-1"), FALCON)
    for lost, told in enumerate(("by test, not confirmed", "given to 2 polls")):
        clock.advance(301 * lost)
        await desk.post(polling())
        assert told in await desk.of("CLM-1")
    assert "1 not confirmed" in await desk.page("/")


async def test_a_batch_leads_to_its_claims_and_they_lead_back(desk: Desk) -> None:
    await desk.post(example("batch-request-three"))
    claim = await desk.of("CLM-2026-10022")
    path = re.search(r'href="/console(/batches/[^"]+)"', claim)
    assert path
    page = await desk.page(path[1])
    order = [page.index(f">CLM-2026-1002{n}<") for n in (1, 2, 3)]
    assert order == sorted(order)
    assert "Batch of 3" in page
    for missing in ("/batches/1", f"/batches/{uuid.uuid4()}"):
        assert (await desk.client.get(f"/console{missing}")).status_code == 404


async def test_what_has_a_number_is_found_by_the_whole_of_it(desk: Desk) -> None:
    await desk.post(fresh(CLAIM, claim="CLM-1"))
    for sought in ("CLM-1", " CLM-1 ", "INV-2026-03101", "EPI-2026-03101", "ENC-2026-03101"):
        assert ">CLM-1<" in await desk.page("/search", **{"for": sought}), sought
    answer = (await desk.doors.gateway.post(fresh(AUTHORIZATION, claim="AUT-1"), desk.doors.key)).json()
    number = resource(answer, "ClaimResponse")["preAuthRef"]
    assert ">AUT-1<" in await desk.page("/search", **{"for": number})
    for nothing in ("CLM", "x" * 300, "a\0b", "<b>"):
        page = await desk.page("/search", **{"for": nothing})
        assert "Nothing is known under it." in page
        assert "<b>" not in page
