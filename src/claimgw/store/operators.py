"""Who may open the console, and which of them are signed in?"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.tables import operator, operator_session


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """An account. `password_hash` is argon2id in its usual text form, with salt and cost."""

    name: str
    role: str
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """That somebody is signed in. `digest` is SHA-256 of the token, which is kept nowhere."""

    digest: bytes
    operator: str
    created_at: datetime
    expires_at: datetime


async def add_operator(unit: Unit, record: OperatorRecord) -> None:
    """Raises Conflict if the name is taken."""
    if await find_operator(unit, record.name) is not None:
        raise Conflict(f"there is an operator {record.name!r} already")
    await unit.execute(insert(operator).values(**asdict(record)))


async def find_operator(unit: Unit, name: str) -> OperatorRecord | None:
    row = (await unit.execute(select(operator).filter_by(name=name))).one_or_none()
    return None if row is None else OperatorRecord(**row._asdict())


async def all_operators(unit: Unit) -> list[OperatorRecord]:
    """By name."""
    return [OperatorRecord(**row._asdict()) for row in await unit.execute(select(operator).order_by("name"))]


async def set_role(unit: Unit, name: str, role: str) -> bool:
    """In force at once, for open sessions too. False if there is no such operator."""
    changed = await unit.execute(update(operator).filter_by(name=name).values(role=role))
    return changed.rowcount == 1


async def set_password(unit: Unit, name: str, password_hash: str) -> bool:
    """Ends the operator's sessions. False if there is no such operator."""
    changed = await unit.execute(update(operator).filter_by(name=name).values(password_hash=password_hash))
    await end_sessions_of(unit, name)
    return changed.rowcount == 1


async def replace_hash(unit: Unit, name: str, old: str, new: str) -> None:
    """The same password, hashed anew at today's cost; nothing if the password was changed meanwhile."""
    await unit.execute(update(operator).filter_by(name=name, password_hash=old).values(password_hash=new))


async def disable_operator(unit: Unit, name: str, at: datetime) -> bool:
    """Ends the operator's sessions. False if there is no such operator."""
    changed = await unit.execute(update(operator).filter_by(name=name).values(disabled_at=at))
    await end_sessions_of(unit, name)
    return changed.rowcount == 1


async def enable_operator(unit: Unit, name: str) -> bool:
    """False if there is no such operator."""
    changed = await unit.execute(update(operator).filter_by(name=name).values(disabled_at=None))
    return changed.rowcount == 1


async def add_session(unit: Unit, record: SessionRecord) -> None:
    """Enter a session, and forget those that had expired by then."""
    await unit.execute(delete(operator_session).where(operator_session.c.expires_at <= record.created_at))
    await unit.execute(insert(operator_session).values(**asdict(record)))


async def find_session(unit: Unit, digest: bytes) -> tuple[SessionRecord, OperatorRecord] | None:
    """The session and whose it is, expired or not."""
    row = (await unit.execute(select(operator_session).filter_by(digest=digest))).one_or_none()
    if row is None:
        return None
    owner = await find_operator(unit, row.operator)
    return (SessionRecord(**row._asdict()), owner) if owner else None


async def end_session(unit: Unit, digest: bytes) -> None:
    await unit.execute(delete(operator_session).filter_by(digest=digest))


async def end_sessions_of(unit: Unit, name: str) -> None:
    await unit.execute(delete(operator_session).filter_by(operator=name))
