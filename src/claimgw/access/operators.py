"""Who is at the console? Accounts with a password and a role, sessions, and what keeps forged forms out."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from claimgw.clock import Clock
from claimgw.errors import ConfigurationError
from claimgw.store import operators as store
from claimgw.store.database import Database

SESSION_LASTS = timedelta(hours=12)  # counted from signing in, whatever is done meanwhile

_SHORTEST, _LONGEST = 12, 1024
_FREE_TRIES = 4
_LONGEST_WAIT = 300.0
_REMEMBERED = 10_000
# Each verification takes 64 MiB and a core for some 50 ms: strangers may not have many at once.
_VERIFIED_AT_ONCE = 2

_log = structlog.get_logger(__name__)


class Role(StrEnum):
    """What an operator may do; each may also do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` is for the cookie alone; it is kept nowhere."""

    token: str
    name: str
    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """Wrong name, wrong password, disabled: nobody outside learns which. `wait` is in seconds."""

    wait: float


@dataclass(frozen=True, slots=True)
class Session:
    """An operator whose request carries a good token."""

    name: str
    role: Role
    expires_at: datetime


class Operators:
    """Signing in and out, for the life of one process."""

    def __init__(self, database: Database, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHasher()  # argon2id at the cost of RFC 9106
        # Verified in place of the hash of an account that is not there: that takes as long as a real one.
        self._nobody = hash_of_nothing(self._hasher)
        self._tries = FailedTries(clock)
        self._verifying = asyncio.Semaphore(_VERIFIED_AT_ONCE)

    async def sign_in(self, name: str, password: str, source: str) -> SignedIn | NotSignedIn:
        """`source` is the address the try comes from. Raises StoreUnavailable."""
        wait = self._tries.wait(name, source)
        if wait > 0:
            return NotSignedIn(wait)
        async with self._database.read() as unit:
            account = await store.find_operator(unit, name) if _storable(name) else None
        # Counted before it is looked at: a hundred tries at once are not a hundred free ones.
        self._tries.failed(name, source)
        good = await self._verify(account.password_hash if account else self._nobody, password)
        if account is None or not good or account.disabled_at is not None:
            # Not the name: people type their password into that field.
            _log.warning("sign-in refused", source=source, known=account is not None)
            return NotSignedIn(self._tries.wait(name, source))
        self._tries.forget(name, source)
        return await self._begin(account, password)

    async def session(self, token: str) -> Session | None:
        """Whose request it is; None if the token is unknown, has expired, or its operator was disabled."""
        async with self._database.read() as unit:
            found = await store.find_session(unit, _digest(token))
        if found is None:
            return None
        session, account = found
        if session.expires_at <= self._clock.now() or account.disabled_at is not None:
            return None
        return Session(account.name, Role(account.role), session.expires_at)

    async def sign_out(self, token: str) -> None:
        """End the session; nothing if there is none."""
        async with self._database.write() as unit:
            await store.end_session(unit, _digest(token))

    async def _begin(self, account: store.OperatorRecord, password: str) -> SignedIn:
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        session = store.SessionRecord(_digest(token), account.name, now, now + SESSION_LASTS)
        stronger = None
        if self._hasher.check_needs_rehash(account.password_hash):
            async with self._verifying:
                stronger = await asyncio.to_thread(self._hasher.hash, password)
        async with self._database.write() as unit:
            if stronger is not None:
                await store.replace_hash(unit, account.name, account.password_hash, stronger)
            await store.add_session(unit, session)
        return SignedIn(token, account.name, Role(account.role), session.expires_at)

    async def _verify(self, kept: str, password: str) -> bool:
        async with self._verifying:
            try:
                return await asyncio.to_thread(self._hasher.verify, kept, password[:_LONGEST])
            except (VerificationError, InvalidHashError):
                return False


class FailedTries:
    """Who has guessed wrong, and how long they wait: 1 s after the fifth try, doubled by each, at most 5 min.

    Counted by name *and* source, so that nobody can lock an operator out from elsewhere. In memory: a
    stranger's try must not cost a write to the database that claims wait for, and to guess with as many
    counters as there are nodes still gets nowhere against argon2 and twelve characters.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def wait(self, name: str, source: str) -> float:
        """Seconds until the next try is looked at."""
        _, until = self._failures.get((name, source), (0, 0.0))
        return max(0.0, until - self._clock.monotonic())

    def failed(self, name: str, source: str) -> None:
        count = self._failures.get((name, source), (0, 0.0))[0] + 1
        wait = 0.0 if count <= _FREE_TRIES else min(_LONGEST_WAIT, 2.0 ** min(count - _FREE_TRIES - 1, 30))
        self._failures[name, source] = (count, self._clock.monotonic() + wait)
        self._failures.move_to_end((name, source))
        if len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def forget(self, name: str, source: str) -> None:
        self._failures.pop((name, source), None)


def hash_password(password: str, hasher: PasswordHasher | None = None) -> str:
    """What is kept of a new password. Raises ConfigurationError for one that is too short or too long."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise ConfigurationError(f"a password has at least {_SHORTEST} characters, and at most {_LONGEST}")
    return (hasher or PasswordHasher()).hash(password)


def hash_of_nothing(hasher: PasswordHasher) -> str:
    """In form and cost of verification one that the hasher made; but no password is behind it.

    Made up, because to hash a password for it costs each process that starts 150 ms of its cores.
    """
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    kind = f"argon2{hasher.type.name.lower()}"
    return f"${kind}$v={ARGON2_VERSION}${cost}${_random(hasher.salt_len)}${_random(hasher.hash_len)}"


def csrf_token(session_token: str) -> str:
    """What every form of this session carries. It cannot be made without the cookie, nor the reverse."""
    return hmac.new(session_token.encode(), b"claimgw form", hashlib.sha256).hexdigest()


def csrf_holds(session_token: str, given: str) -> bool:
    """Whether a form was made by us for this session."""
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode())


def _digest(token: str) -> bytes:
    # Plain, for the reason given at `keys.key_digest`: 256 random bits.
    return hashlib.sha256(token.encode()).digest()


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")


def _storable(name: str) -> bool:
    # PostgreSQL refuses a NUL where SQLite does not.
    return name.isprintable()
