"""Are operators and their sessions kept, and do sessions end when they must?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from claimgw.errors import Conflict
from claimgw.store import operators as store
from claimgw.store.database import Database

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=12)
NOURA = store.OperatorRecord("noura", "operator", "$argon2id$old", NOW)
SESSION = store.SessionRecord(b"\x02" * 32, "noura", NOW, LATER)


async def _enter(database: Database) -> None:
    async with database.write() as unit:
        await store.add_operator(unit, NOURA)
        await store.add_session(unit, SESSION)


async def _session(database: Database) -> tuple[store.SessionRecord, store.OperatorRecord] | None:
    async with database.read() as unit:
        return await store.find_session(unit, SESSION.digest)


async def test_a_session_comes_back_with_its_operator(database: Database) -> None:
    await _enter(database)
    assert await _session(database) == (SESSION, NOURA)


async def test_a_name_is_given_once(database: Database) -> None:
    await _enter(database)
    with pytest.raises(Conflict, match="noura"):
        await _enter(database)


async def test_a_new_role_holds_in_open_sessions(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        assert await store.set_role(unit, "noura", "admin")
        assert not await store.set_role(unit, "nobody", "admin")
    assert await _session(database) == (SESSION, replace(NOURA, role="admin"))


async def test_a_new_password_ends_open_sessions(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        assert await store.set_password(unit, "noura", "$argon2id$new")
        assert not await store.set_password(unit, "nobody", "$argon2id$new")
    assert await _session(database) is None


async def test_to_disable_ends_open_sessions_and_is_undone_by_enabling(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        assert await store.disable_operator(unit, "noura", NOW)
        assert await store.all_operators(unit) == [replace(NOURA, disabled_at=NOW)]
        assert await store.enable_operator(unit, "noura")
        assert await store.all_operators(unit) == [NOURA]
    assert await _session(database) is None


async def test_a_hash_is_replaced_only_if_the_password_is_still_the_same(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        await store.replace_hash(unit, "noura", "$argon2id$stale", "$argon2id$wrong")
        await store.replace_hash(unit, "noura", "$argon2id$old", "$argon2id$new")
        found = await store.find_operator(unit, "noura")
    assert found == replace(NOURA, password_hash="$argon2id$new")
    assert await _session(database) is not None


async def test_signing_out_ends_one_session(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        await store.end_session(unit, SESSION.digest)
    assert await _session(database) is None


async def test_expired_sessions_are_forgotten_when_the_next_one_begins(database: Database) -> None:
    await _enter(database)
    async with database.write() as unit:
        await store.add_session(unit, store.SessionRecord(b"\x03" * 32, "noura", LATER, LATER))
    assert await _session(database) is None
