"""Do caller and log speak of a request by the same name, and is that name never more than a name?"""

import httpx
import structlog
from structlog.contextvars import merge_contextvars

from claimgw.endpoint.request_id import HEADER
from tests.clearinghouse.spoken import CLAIM, fresh
from tests.endpoint.doors import Doors


async def asked(doors: Doors, *names: str) -> httpx.Response:
    return await doors.gateway.client.get("/health/live", headers=[(HEADER, name) for name in names])


async def test_a_sane_name_comes_back(doors: Doors) -> None:
    for name in ("7", "a1b2-c3.d4", "urn:uuid:6f0f", "x" * 64, "Root=1-5759e988/ab@c+d"):
        assert (await asked(doors, name)).headers[HEADER] == name


async def test_any_other_name_is_replaced(doors: Doors) -> None:
    strange: list[tuple[str, ...]] = [(), ("",), ("x" * 65,), ("a b",), ('a"b',), ("-a",), ("one", "two")]
    made = [(await asked(doors, *names)).headers[HEADER] for names in strange]
    assert len({*made}) == len(strange)
    assert {len(name) for name in made} == {36}


async def test_the_log_lines_of_a_request_bear_its_name(doors: Doors) -> None:
    with structlog.testing.capture_logs([merge_contextvars]) as lines:
        response = await doors.gateway.post(fresh(CLAIM), doors.key, **{HEADER: "claim-7"})
        await doors.gateway.post(fresh(CLAIM), None, **{HEADER: "claim-8"})
    assert response.headers[HEADER] == "claim-7"
    settled, strange = (
        next(line for line in lines if line["event"] == event)
        for event in ("attempt settled", "stranger refused")
    )
    assert (settled["request_id"], strange["request_id"]) == ("claim-7", "claim-8")


async def test_two_messages_under_one_name_are_two_messages(doors: Doors) -> None:
    answers = [await doors.gateway.post(fresh(CLAIM), doors.key, **{HEADER: "same"}) for _ in range(2)]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_pages_of_every_kind_bear_a_name(doors: Doors) -> None:
    client = doors.gateway.client
    for path in ("/nothing", "/openapi.json", "/metrics", "/exchanges?identifier=x"):
        assert HEADER in (await client.get(path)).headers
