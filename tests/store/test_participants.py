"""Is what was entered about participants there again, and does every change move the revision on?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from claimgw.errors import Conflict
from claimgw.store.credentials import (
    Credential,
    CredentialKind,
    add_credential,
    all_credentials,
    revoke_credential,
)
from claimgw.store.database import Database
from claimgw.store.participants import (
    ParticipantRecord,
    Service,
    add_participant,
    add_service,
    all_participants,
    all_services,
    block_participant,
    change_participant,
    find_participant,
    unblock_participant,
)
from claimgw.store.pauses import EVERYWHERE, Pause, all_pauses, end_pause, set_pause
from claimgw.store.revision import revision

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

INSURER = ParticipantRecord(
    licence="payer:INS-2001",
    kind="insurer",
    name="تأمين First",
    endpoint="https://ins.example/$process-message",
    adapter="fhir-http",
    events=("claim-response",),
    settings={"answer_seconds": 20, "attachment_types": ["application/pdf"]},
    created_at=NOW,
    changed_at=NOW,
)
TPA = replace(INSURER, licence="payer:TPA-1", kind="tpa", events=None)
KEY = Credential(
    id="019a3f00-0000-7000-8000-000000000001",
    kind=CredentialKind.KEY,
    label="main",
    digest=b"\x01" * 32,
    licences=frozenset({INSURER.licence, TPA.licence}),
    created_at=NOW,
    expires_at=LATER,
)


async def _enter(database: Database) -> None:
    async with database.write() as unit:
        await add_participant(unit, INSURER)
        await add_participant(unit, TPA)


async def _revision(database: Database) -> int:
    async with database.read() as unit:
        return await revision(unit)


async def test_a_participant_comes_back_as_it_was_entered(database: Database) -> None:
    await _enter(database)
    async with database.read() as unit:
        assert await all_participants(unit) == [INSURER, TPA]
        assert await find_participant(unit, "payer:nobody") is None


async def test_a_licence_is_entered_only_once(database: Database) -> None:
    await _enter(database)
    with pytest.raises(Conflict, match="INS-2001 is registered already"):
        await _enter(database)


async def test_a_change_leaves_the_day_of_entry(database: Database) -> None:
    await _enter(database)
    changed = replace(INSURER, name="New", events=None, settings={}, created_at=LATER)
    async with database.write() as unit:
        assert await change_participant(unit, changed, LATER)
        assert not await change_participant(unit, replace(changed, licence="payer:nobody"), LATER)
        assert await find_participant(unit, INSURER.licence) == replace(
            changed, created_at=NOW, changed_at=LATER
        )


async def test_a_block_is_set_and_lifted(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        assert await block_participant(unit, INSURER.licence, "unpaid", LATER)
        found = await find_participant(unit, INSURER.licence)
        assert found == replace(INSURER, blocked_at=LATER, blocked_reason="unpaid", changed_at=LATER)
        assert await unblock_participant(unit, INSURER.licence, NOW)
        assert await find_participant(unit, INSURER.licence) == INSURER
        assert not await block_participant(unit, "payer:nobody", "unpaid", LATER)


async def test_a_service_entered_again_changes_its_last_day(database: Database) -> None:
    await _enter(database)
    service = Service(TPA.licence, INSURER.licence, date(2026, 1, 1), None)
    async with database.write() as unit:
        await add_service(unit, service)
        await add_service(unit, replace(service, to_day=date(2026, 12, 31)))
        assert await all_services(unit) == [replace(service, to_day=date(2026, 12, 31))]


async def test_a_service_of_a_stranger_is_refused(database: Database) -> None:
    await _enter(database)
    with pytest.raises(Conflict, match="payer:nobody is not registered"):
        await _serve_stranger(database)


async def _serve_stranger(database: Database) -> None:
    async with database.write() as unit:
        await add_service(unit, Service(TPA.licence, "payer:nobody", date(2026, 1, 1), None))


async def test_a_credential_for_several_licences_comes_back_whole(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        await add_credential(unit, KEY)
    async with database.read() as unit:
        assert await all_credentials(unit) == [KEY]


async def test_a_credential_is_revoked_once(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        await add_credential(unit, KEY)
        assert await revoke_credential(unit, KEY.id, LATER)
        assert not await revoke_credential(unit, KEY.id, LATER)
        assert await all_credentials(unit) == [replace(KEY, revoked_at=LATER)]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"licences": frozenset({"payer:nobody"})}, "payer:nobody is not registered"),
        ({"id": "019a3f00-0000-7000-8000-000000000002"}, f"registered already, as credential {KEY.id}"),
    ],
)
async def test_a_credential_that_cannot_be_is_refused(
    database: Database, fault: dict[str, Any], text: str
) -> None:
    await _enter(database)
    async with database.write() as unit:
        await add_credential(unit, KEY)
    with pytest.raises(Conflict, match=text):
        await _add(database, replace(KEY, **fault))
    async with database.read() as unit:
        assert await all_credentials(unit) == [KEY]


async def _add(database: Database, credential: Credential) -> None:
    async with database.write() as unit:
        await add_credential(unit, credential)


async def test_a_pause_stays_as_it_is_until_it_ends(database: Database) -> None:
    pause = Pause(EVERYWHERE, "after a restore", NOW, "restore")
    async with database.write() as unit:
        assert await set_pause(unit, pause)
        assert not await set_pause(unit, replace(pause, reason="another"))
        assert await all_pauses(unit) == [pause]
        assert await end_pause(unit, EVERYWHERE)
        assert not await end_pause(unit, EVERYWHERE)
        assert await all_pauses(unit) == []


async def test_every_change_moves_the_revision_on_by_one(database: Database) -> None:
    assert await _revision(database) == 0
    await _enter(database)
    async with database.write() as unit:
        await change_participant(unit, INSURER, LATER)
        await block_participant(unit, INSURER.licence, "unpaid", LATER)
        await unblock_participant(unit, INSURER.licence, LATER)
        await add_service(unit, Service(TPA.licence, INSURER.licence, date(2026, 1, 1), None))
        await add_credential(unit, KEY)
        await revoke_credential(unit, KEY.id, LATER)
        await set_pause(unit, Pause(INSURER.licence, "", NOW, "somebody"))
        await end_pause(unit, INSURER.licence)
    assert await _revision(database) == 2 + 8
