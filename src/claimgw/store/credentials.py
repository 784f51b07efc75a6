"""With which keys and certificates do participants come in?"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select, update

from claimgw.errors import Conflict
from claimgw.store.database import Unit
from claimgw.store.participants import find_participant
from claimgw.store.revision import move_on
from claimgw.store.tables import credential, credential_licence


class CredentialKind(StrEnum):
    KEY = "key"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Credential:
    """One way in, for one or several licences. `digest`: SHA-256 of the key, or of the DER."""

    id: str
    kind: CredentialKind
    label: str
    digest: bytes
    licences: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


async def add_credential(unit: Unit, new: Credential) -> None:
    """Enter a credential. Raises Conflict if a licence is not registered, or the digest is known already."""
    await move_on(unit)
    for licence in sorted(new.licences):
        if await find_participant(unit, licence) is None:
            raise Conflict(f"{licence} is not registered; add the participant first")
    known = await unit.execute(select(credential.c.id).filter_by(digest=new.digest))
    if (held := known.scalar_one_or_none()) is not None:
        raise Conflict(f"this {new.kind} is registered already, as credential {held}")
    await unit.execute(
        insert(credential).values(
            id=new.id,
            kind=new.kind.value,
            label=new.label,
            digest=new.digest,
            created_at=new.created_at,
            expires_at=new.expires_at,
            revoked_at=new.revoked_at,
        )
    )
    licences = [{"credential_id": new.id, "licence": licence} for licence in sorted(new.licences)]
    await unit.execute(insert(credential_licence), licences)


async def revoke_credential(unit: Unit, id: str, at: datetime) -> bool:
    """End it for good. False if there is no such credential, or it was revoked before."""
    await move_on(unit)
    ended = await unit.execute(
        update(credential)
        .where(credential.c.id == id, credential.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return ended.rowcount == 1


async def all_credentials(unit: Unit) -> list[Credential]:
    """The oldest first, those revoked or expired among them: a refusal should be able to say why."""
    licences: dict[str, set[str]] = defaultdict(set)
    for row in await unit.execute(select(credential_licence)):
        licences[row.credential_id].add(row.licence)
    rows = await unit.execute(select(credential).order_by(credential.c.created_at, credential.c.id))
    return [
        Credential(
            row.id,
            CredentialKind(row.kind),
            row.label,
            row.digest,
            frozenset(licences[row.id]),
            row.created_at,
            row.expires_at,
            row.revoked_at,
        )
        for row in rows
    ]
