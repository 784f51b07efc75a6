"""Does an operator learn whom a rule would refuse, from what was kept, without a word of it?"""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from claimgw.clearinghouse.rows import as_row
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope, read
from claimgw.store import messages
from claimgw.store.database import Database
from claimgw.store.participants import Service, add_participant, add_service
from tests.access.registered import insurer, provider, tpa
from tests.cli.console import Terminal
from tests.gateway import CLINIC, FALCON, HOSPITAL, example

Json = dict[str, Any]
DAY = datetime(2026, 11, 1, 8, tzinfo=UTC)
POLLS = ("rules", "--would-break", "BV-00892", "--since")


def _keep(address: str, *kept: tuple[bytes, datetime]) -> list[str]:
    """The ids of the rows."""

    async def work() -> list[str]:
        database = Database(address)
        ids = []
        async with database.write() as unit:
            for raw, received in kept:
                envelope = read(raw)
                assert isinstance(envelope, Envelope)
                ids.append(new_id(received))
                await messages.keep(unit, as_row(envelope, ids[-1], received), raw)
        await database.close()
        return ids

    return asyncio.run(work())


def _poll(priority: str, licence: str = HOSPITAL) -> bytes:
    bundle = json.loads(example("poll-request").replace(b"PR-1001", licence.partition(":")[2].encode()))
    bundle["entry"][1]["resource"]["priority"] = priority
    return json.dumps(bundle).encode()


def _without_period() -> bytes:
    """Of a year before, when claims did not have to name the accounting period."""
    bundle = json.loads(example("claim-request-professional").replace(b"2026-", b"2025-"))
    claim = bundle["entry"][1]["resource"]
    claim["extension"] = [one for one in claim["extension"] if "accountingPeriod" not in one["url"]]
    return json.dumps(bundle).encode()


def test_each_sender_is_told_with_an_example_and_times(address: str) -> None:
    minute = timedelta(minutes=1)
    polls = [(_poll("stat" if n in (3, 30) else "routine"), DAY + n * minute) for n in range(45)]
    ids = _keep(address, *polls, (_poll("routine", CLINIC), DAY))
    told = Terminal(address).read(*POLLS, "2026-11-01")
    assert told["target"] == "BV-00892"
    assert told["senders"] == [
        {
            "sender": HOSPITAL,
            "messages": 45,
            "refused": 2,
            "example": ids[3],
            "first": "2026-11-01T08:03:00Z",
            "last": "2026-11-01T08:30:00Z",
        },
        {"sender": CLINIC, "messages": 1, "refused": 0, "example": None, "first": None, "last": None},
    ]
    shown = Terminal(address).type(*POLLS, "2026-11-01")
    assert HOSPITAL in shown
    assert ids[3] in shown


def test_what_came_before_is_not_looked_at(address: str) -> None:
    _keep(address, (_poll("stat"), DAY), (_poll("stat", CLINIC), DAY + timedelta(hours=1)))
    [row] = Terminal(address).read(*POLLS, "2026-11-01T09:00")["senders"]
    assert (row["sender"], row["refused"]) == (CLINIC, 1)
    assert "Nothing came in" in Terminal(address).type(*POLLS, "2026-11-02")


def test_a_severity_stands_for_every_finding_so_bad(address: str) -> None:
    _keep(address, (_poll("stat"), DAY), (_poll("routine", CLINIC), DAY))
    rows = Terminal(address).read("rules", "--would-break", "warning", "--since", "2026-11-01")["senders"]
    assert {row["sender"]: row["refused"] for row in rows} == {HOSPITAL: 1, CLINIC: 0}


def test_a_rule_that_did_not_bind_yet_is_judged_all_the_same(address: str) -> None:
    _keep(address, (_without_period(), datetime(2025, 11, 1, 8, tzinfo=UTC)))
    words = ("rules", "--would-break", "IC-01620", "--since", "2025-11-01")
    [row] = Terminal(address).read(*words)["senders"]
    assert (row["messages"], row["refused"]) == (1, 1)


def test_what_is_refused_anyway_is_not_counted(address: str) -> None:
    _keep(address, (example("claim-request-refused"), DAY))
    words = ("rules", "--would-break", "warning", "--since", "2026-11-01")
    [row] = Terminal(address).read(*words)["senders"]
    assert (row["messages"], row["refused"]) == (1, 0)


def test_insurers_are_judged_and_the_gateway_is_not(address: str) -> None:
    _keep(address, (example("claim-response-complete"), DAY), (example("poll-response-empty"), DAY))
    words = ("rules", "--would-break", "warning", "--since", "2026-11-01")
    assert [row["sender"] for row in Terminal(address).read(*words)["senders"]] == [FALCON]


def test_a_tpa_that_serves_the_insurer_may_be_addressed(address: str) -> None:
    async def enter() -> None:
        database = Database(address)
        async with database.write() as unit:
            for one in (provider(), insurer(), tpa()):
                await add_participant(unit, one)
            await add_service(unit, Service("payer:TPA-3001", FALCON, date(2025, 1, 1), None))
        await database.close()

    asyncio.run(enter())
    claim = json.loads(_without_period())
    receiver = claim["entry"][0]["resource"]["destination"][0]["receiver"]["identifier"]
    receiver["value"] = "TPA-3001"
    _keep(address, (json.dumps(claim).encode(), datetime(2025, 11, 1, 8, tzinfo=UTC)))
    words = ("rules", "--would-break", "IC-01620", "--since", "2025-11-01")
    [row] = Terminal(address).read(*words)["senders"]
    assert row["refused"] == 1


def test_no_word_of_a_message_is_shown(address: str) -> None:
    claim = json.loads(_without_period())
    people = [e["resource"] for e in claim["entry"] if e["resource"]["resourceType"] == "Patient"]
    _keep(address, (json.dumps(claim).encode(), datetime(2025, 11, 1, 8, tzinfo=UTC)))
    words = ("rules", "--would-break", "IC-01620", "--since", "2025-11-01")
    shown = Terminal(address).type(*words) + Terminal(address).type(*words, "--json")
    for person in people:
        assert person["identifier"][0]["value"] not in shown
        assert person["birthDate"] not in shown


def test_who_has_a_grace_would_not_be_refused(address: str) -> None:
    _keep(address, (_poll("stat"), DAY), (_poll("stat", CLINIC), DAY))
    days = ("--from", "2026-10-01", "--until", "2026-12-31")
    words = ("--participant", CLINIC, "--owner", "amal", "--reason", "their release is late")
    Terminal(address).type("participants", "add", CLINIC, "--name", "Clinic")
    Terminal(address).type("severity", "grace", "BV-00892", *days, *words)
    rows = Terminal(address).read(*POLLS, "2026-11-01")["senders"]
    assert {row["sender"]: row["refused"] for row in rows} == {HOSPITAL: 1, CLINIC: 0}
