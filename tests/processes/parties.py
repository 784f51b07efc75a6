"""Who takes part in a test with real processes, and how do they speak with the gateway?"""

import json
from collections import Counter
from collections.abc import Set
from typing import Any

import httpx

from claimgw.store import Database
from tests.claims import poll
from tests.gateway import FALCON, FHIR, HOSPITAL, parsed, register, resource
from tests.processes.running import PLAIN, Process, until

# Short enough to be waited for.
QUICK = {"CLAIMGW_LEASE_SECONDS": "0.5", "CLAIMGW_RETRY_WAITS": "0.3", "CLAIMGW_LOOK_SECONDS": "0.1"}


async def join(address: str, insurer: str) -> tuple[str, str]:
    """A hospital and an insurer whose limits are short, and their keys."""
    database = Database(address)
    try:
        short = {
            "answer_seconds": 2,
            "connect_seconds": 1,
            "grace_seconds": 0.5,
            "breaker": {"probe_seconds": 1},
        }
        hospital = await register(database, HOSPITAL)
        return hospital, await register(database, FALCON, endpoint=insurer, settings=short)
    finally:
        await database.close()


def post(url: str, raw: bytes, key: str) -> httpx.Response:
    headers = {**FHIR, "authorization": f"Bearer {key}"}
    return httpx.post(url, content=raw, headers=headers, timeout=70, **PLAIN)


def received(insurer: Process) -> list[dict[str, Any]]:
    """What the sandbox has had: header ids with the number of attempts."""
    address = insurer.url.replace("$process-message", "received")
    found: list[dict[str, Any]] = httpx.get(address, **PLAIN).json()["received"]
    return found


def switch(insurer: Process, state: str) -> None:
    """Let the sandbox be up, down or silent."""
    address = insurer.url.replace("$process-message", "switch")
    assert httpx.post(address, json={"state": state}, **PLAIN).status_code == 200


class Mailbox:
    """The hospital's mailbox, polled with a new poll each time."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        self._polls = 0

    def take(self, count: int = 1) -> list[dict[str, Any]]:
        """The next messages; none if there are none."""
        self._polls += 1
        polled = post(self._url, poll(f"{self._url}-{self._polls}", count), self._key)
        assert polled.status_code == 200, polled.text
        entries = parsed(polled)["entry"]
        return [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "Bundle"]

    def late(self, pended: Set[str], seconds: float = 30) -> Counter[str]:
        """How often the answer to each request came, taken until all of these are there; all are complete."""
        came = Counter[str]()

        def all_there() -> bool:
            for message in self.take(100):
                assert resource(message, "ClaimResponse")["outcome"] == "complete"
                came[message["entry"][0]["resource"]["response"]["identifier"]] += 1
            return pended <= set(came)

        until(all_there, "every pended claim has its answer in the mailbox", seconds, every=0.2)
        return came


def header_id(raw: bytes) -> str:
    found: str = json.loads(raw)["entry"][0]["resource"]["id"]
    return found
