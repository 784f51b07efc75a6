"""Does the console open for an operator, and for nobody else?"""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from claimgw.access.operators import (
    FailedTries,
    NotSignedIn,
    Operators,
    Role,
    Session,
    SignedIn,
    csrf_holds,
    csrf_token,
    hash_of_nothing,
    hash_password,
)
from claimgw.clock import ManualClock
from claimgw.errors import ConfigurationError
from claimgw.store import operators as store
from claimgw.store.database import Database

PASSWORD = "correct horse battery"
# Argon2id all the same, at a cost that a test can pay.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STRONGER = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)


@pytest.fixture
async def filled(database: Database, clock: ManualClock) -> Database:
    async with database.write() as unit:
        record = store.OperatorRecord("noura", Role.OPERATOR, hash_password(PASSWORD, QUICK), clock.now())
        await store.add_operator(unit, record)
    return database


@pytest.fixture
def operators(filled: Database, clock: ManualClock) -> Operators:
    return Operators(filled, clock, QUICK)


async def _sign_in(operators: Operators) -> SignedIn:
    signed_in = await operators.sign_in("noura", PASSWORD, "10.0.0.1")
    assert isinstance(signed_in, SignedIn)
    return signed_in


async def test_the_right_password_opens_a_session(operators: Operators, clock: ManualClock) -> None:
    signed_in = await _sign_in(operators)
    assert await operators.session(signed_in.token) == Session("noura", Role.OPERATOR, signed_in.expires_at)
    assert (signed_in.expires_at - clock.now()).total_seconds() == 12 * 3600


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("noura", "wrong horse battery"),
        ("nobody", PASSWORD),
        ("", ""),
        ("nou\0ra", PASSWORD),
        ("noura", "x" * 5000),
    ],
)
async def test_anything_else_does_not(operators: Operators, name: str, password: str) -> None:
    assert await operators.sign_in(name, password, "10.0.0.1") == NotSignedIn(0.0)


@pytest.mark.parametrize("hasher", [QUICK, STRONGER, PasswordHasher()], ids=["quick", "stronger", "default"])
def test_a_name_that_is_not_there_costs_as_much_to_verify(hasher: PasswordHasher) -> None:
    made_up, real = hash_of_nothing(hasher), hasher.hash(PASSWORD)
    assert extract_parameters(made_up) == extract_parameters(real)
    assert len(made_up) == len(real)
    assert made_up != hash_of_nothing(hasher)
    with pytest.raises(VerifyMismatchError):  # computed to the end, and then found to differ
        hasher.verify(made_up, PASSWORD)


async def test_a_session_ends_after_twelve_hours_whatever_is_done(
    operators: Operators, clock: ManualClock
) -> None:
    token = (await _sign_in(operators)).token
    clock.advance(12 * 3600 - 1)
    assert await operators.session(token) is not None
    clock.advance(1)
    assert await operators.session(token) is None


async def test_a_session_ends_by_signing_out(operators: Operators) -> None:
    token = (await _sign_in(operators)).token
    other = (await _sign_in(operators)).token
    await operators.sign_out(token)
    assert await operators.session(token) is None
    assert await operators.session(other) is not None


async def test_a_made_up_token_is_nobody(operators: Operators) -> None:
    assert await operators.session("made up") is None


async def test_the_token_is_not_in_the_database(operators: Operators, filled: Database) -> None:
    token = (await _sign_in(operators)).token
    async with filled.read() as unit:
        assert await store.find_session(unit, token.encode()[:32]) is None


async def test_a_disabled_operator_is_out_at_once(
    operators: Operators, filled: Database, clock: ManualClock
) -> None:
    token = (await _sign_in(operators)).token
    async with filled.write() as unit:
        await store.disable_operator(unit, "noura", clock.now())
    assert await operators.session(token) is None
    assert await operators.sign_in("noura", PASSWORD, "10.0.0.1") == NotSignedIn(0.0)


async def test_a_hash_of_yesterdays_cost_is_renewed_by_signing_in(
    filled: Database, clock: ManualClock
) -> None:
    await _sign_in(Operators(filled, clock, STRONGER))
    async with filled.read() as unit:
        account = await store.find_operator(unit, "noura")
    assert account is not None
    assert not STRONGER.check_needs_rehash(account.password_hash)
    await _sign_in(Operators(filled, clock, STRONGER))


async def test_after_wrong_guesses_even_the_right_password_waits(
    operators: Operators, clock: ManualClock
) -> None:
    for _ in range(5):
        await operators.sign_in("noura", "wrong horse battery", "10.0.0.1")
    assert await operators.sign_in("noura", PASSWORD, "10.0.0.1") == NotSignedIn(1.0)
    clock.advance(1)
    await _sign_in(operators)


async def test_guesses_from_elsewhere_do_not_lock_an_operator_out(operators: Operators) -> None:
    for _ in range(8):
        await operators.sign_in("noura", "wrong horse battery", "203.0.113.9")
    await _sign_in(operators)


def test_the_wait_doubles_up_to_five_minutes(clock: ManualClock) -> None:
    tries = FailedTries(clock)
    waits = []
    for _ in range(50):
        tries.failed("noura", "10.0.0.1")
        waits.append(tries.wait("noura", "10.0.0.1"))
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == 300
    tries.forget("noura", "10.0.0.1")
    assert tries.wait("noura", "10.0.0.1") == 0


def test_a_short_password_is_not_taken() -> None:
    with pytest.raises(ConfigurationError, match="at least 12 characters"):
        hash_password("eleven char")


def test_a_form_belongs_to_its_session() -> None:
    assert csrf_holds("one", csrf_token("one"))
    assert not csrf_holds("two", csrf_token("one"))
    assert not csrf_holds("one", "")
    assert not csrf_holds("one", "ö")


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.OPERATOR, Role.VIEWER, True),
        (Role.OPERATOR, Role.ADMIN, False),
        (Role.ADMIN, Role.OPERATOR, True),
    ],
)
def test_a_role_may_what_lesser_ones_may(role: Role, needed: Role, may: bool) -> None:
    assert role.covers(needed) is may
