"""Do several servers and a worker on one PostgreSQL deliver everything, each claim under its own ids?"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claimgw.store import Database
from claimgw.store.schema import upgrade
from tests.claims import fresh
from tests.gateway import parsed, resource
from tests.postgres import Postgres
from tests.processes.forked import forked
from tests.processes.parties import QUICK, Mailbox, header_id, join, post, received, switch
from tests.processes.running import processes, sandbox, server, until, worker

pytestmark = pytest.mark.processes

CLAIMS = 200


def test_two_servers_and_a_worker_lose_no_claim_of_a_flapping_insurer(
    postgres: Postgres, tmp_path: Path
) -> None:
    address = asyncio.run(_database(postgres))
    first = forked(server(address, tmp_path, "first", **QUICK))
    second = forked(server(address, tmp_path, "second", **QUICK))
    delivery = forked(worker(address, tmp_path, "worker", **QUICK))
    insurer = forked(sandbox(tmp_path, first.url, "none", "INS-2001"))
    hospital, _ = asyncio.run(join(address, insurer.url))
    claims = [fresh("claim-request-professional", f"flap-{number}") for number in range(CLAIMS)]
    gateways = (first, second)

    with processes(first, second, delivery, insurer), ThreadPoolExecutor(8) as providers:

        def send(number: int) -> tuple[str, str]:
            # The insurer goes away and comes back while claims arrive: every tenth claim turns the switch.
            if number % 10 == 0:
                switch(insurer, ("up", "down", "silent")[number // 10 % 3])
            response = post(gateways[number % 2].url, claims[number], hospital)
            assert response.status_code == 200, response.text
            return header_id(claims[number]), resource(parsed(response), "ClaimResponse")["outcome"]

        told = dict(providers.map(send, range(CLAIMS)))
        assert set(told.values()) <= {"complete", "queued"}
        switch(insurer, "up")

        mailbox = Mailbox(second.url, hospital)
        pended = {header for header, outcome in told.items() if outcome == "queued"}
        assert pended, "the insurer was away, and yet no claim was pended"
        late: dict[str, str] = {}

        def all_there() -> bool:
            for message in mailbox.take(100):
                header = message["entry"][0]["resource"]["response"]["identifier"]
                assert header not in late, "one answer came twice"
                late[header] = resource(message, "ClaimResponse")["outcome"]
            # Of a claim whose node stood still past its lease, the answer is in the mailbox all the same.
            return pended <= set(late)

        # A look is a poll, and what the gateways spend on polls is missing where the claims are delivered.
        until(all_there, "every pended claim has its answer in the mailbox", seconds=240, every=0.5)
        assert set(late) <= set(told)
        assert set(late.values()) == {"complete"}
        reached = {row["header"] for row in received(insurer)}
        assert reached == {header_id(claim) for claim in claims}
    asyncio.run(postgres.drop(address))


async def _database(postgres: Postgres) -> str:
    address = await postgres.create()
    database = Database(address)
    await upgrade(database)
    await database.close()
    return address
