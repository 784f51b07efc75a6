"""Is anything lost when a server is killed in the middle of a claim?"""

import asyncio
import threading
from pathlib import Path

import httpx
import pytest

from tests.claims import fresh
from tests.gateway import parsed, resource
from tests.processes.forked import forked
from tests.processes.parties import QUICK, Mailbox, header_id, join, post, received
from tests.processes.running import processes, sandbox, server, until

pytestmark = pytest.mark.processes


def test_a_server_killed_between_its_two_commits_delivers_under_the_same_ids(
    address: str, tmp_path: Path
) -> None:
    gateway = forked(server(address, tmp_path, "node", "--worker", **QUICK))
    insurer = forked(sandbox(tmp_path, gateway.url, "none", "INS-2001"))
    hospital, _ = asyncio.run(join(address, insurer.url))
    claim = fresh("claim-request-professional", "crash", "SILENT-1")

    with processes(gateway, insurer):
        cut_off: list[httpx.TransportError] = []

        def send() -> None:
            try:
                post(gateway.url, claim, hospital)
            except httpx.TransportError as fault:
                cut_off.append(fault)

        provider = threading.Thread(target=send)
        provider.start()
        # The insurer has the claim and keeps silent: commit 1 is done, commit 2 is not.
        until(lambda: received(insurer), "the insurer has the claim")
        gateway.kill()
        provider.join()
        assert cut_off

        gateway.start()
        gateway.ready()
        found = until(
            lambda: [row for row in received(insurer) if row["answered"]], "the claim is delivered again"
        )
        assert [(row["header"], row["attempts"]) for row in found] == [(header_id(claim), 2)]

        mailbox = Mailbox(gateway.url, hospital)
        (message,) = until(mailbox.take, "the answer is in the mailbox", every=0.1)
        assert message["entry"][0]["resource"]["response"]["identifier"] == header_id(claim)
        assert resource(message, "ClaimResponse")["outcome"] == "complete"

        repeated = post(gateway.url, claim, hospital)
        assert resource(parsed(repeated), "ClaimResponse")["outcome"] == "complete"
        assert [row["attempts"] for row in received(insurer)] == [2]
