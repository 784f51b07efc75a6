"""How are keys and certificates given out and taken back from the command line?"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from claimgw.access.certificates import Certificate, read_certificate
from claimgw.access.keys import key_digest, new_key
from claimgw.cli.accounts import known
from claimgw.cli.arguments import LONGEST_NOTE, AsJson, LicenceArguments, licence, moment, note
from claimgw.cli.output import print_fields, print_json, print_line, print_table
from claimgw.cli.session import Refusal, refusing, run
from claimgw.clock import SystemClock
from claimgw.errors import ConfigurationError
from claimgw.ids import new_id
from claimgw.store import credentials as store
from claimgw.store.credentials import Credential, CredentialKind
from claimgw.store.database import Database

commands = typer.Typer()

_clock = SystemClock()

Label = Annotated[str, typer.Option(parser=note, metavar="TEXT", help="To tell it from others.")]


@commands.command(
    epilog="Examples:\n\n"
    "claimgw participants key provider:PR-1001 --label 'billing system' --expires 2027-06-30\n\n"
    "claimgw participants key provider:PR-1001 provider:PR-1002 --label middleware --json"
)
def key(
    licences: LicenceArguments,
    label: Label = "",
    expires: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="MOMENT", help="From then on it is refused.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key for one licence or several. It is shown once and kept nowhere."""
    secret = new_key()
    digest = key_digest(secret)
    assert digest is not None
    made = _credential(CredentialKind.KEY, label, digest, licences, expires)
    run(lambda database: _add(database, made))
    if as_json:
        print_json({"key": secret} | _as_json(made, _clock.now()))
        return
    print_line(secret)
    print_fields("credential", _as_json(made, _clock.now()).items())
    print_line("This is the only time the key is shown. Send it as 'Authorization: Bearer cgw_…'.")


@commands.command(
    epilog="Example: claimgw participants certificate clinic.pem provider:PR-1001 --label 'clinic, 2027'"
)
def certificate(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The client certificate, PEM or DER; no key.")
    ],
    licences: LicenceArguments,
    label: Label = "",
    as_json: AsJson = False,
) -> None:
    """Let the holder of a client certificate come in, until the certificate expires."""
    now = _clock.now()
    with refusing():
        read = _usable(file, now)
    made = _credential(
        CredentialKind.CERTIFICATE,
        label or read.subject[:LONGEST_NOTE],
        read.digest,
        licences,
        read.not_after,
    )
    run(lambda database: _add(database, made))
    if as_json:
        print_json(_as_json(made, now))
    else:
        print_fields("credential", _as_json(made, now).items())


@commands.command(epilog="Example: claimgw participants revoke 019a3f00-0000-7000-8000-000000000001")
def revoke(credential: Annotated[UUID, typer.Argument(metavar="CREDENTIAL", help="Its id.")]) -> None:
    """End a credential for good, within 5 seconds on every node."""

    async def work(database: Database) -> None:
        async with database.write() as unit:
            if not await store.revoke_credential(unit, str(credential), _clock.now()):
                raise Refusal(f"there is no live credential {credential}")

    run(work)
    print_line(f"{credential} is revoked.")


@commands.command(
    epilog="Examples:\n\nclaimgw participants credentials\n\n"
    "claimgw participants credentials provider:PR-1001 --json"
)
def credentials(
    of: Annotated[
        str | None, typer.Argument(parser=licence, metavar="[LICENCE]", help="Only what may speak for it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List credentials, those revoked or expired among them."""

    async def work(database: Database) -> list[Credential]:
        async with database.read() as unit:
            if of is not None:
                await known(unit, of)
            return [held for held in await store.all_credentials(unit) if of is None or of in held.licences]

    now = _clock.now()
    rows = [_as_json(held, now) for held in run(work)]
    if as_json:
        print_json(rows)
        return
    print_table(
        "Credentials",
        ["id", "kind", "label", "licences", "state", "expires"],
        [
            (r["id"], r["kind"], r["label"], ", ".join(r["licences"]), r["state"], r["expires_at"])
            for r in rows
        ],
        "There is no credential. Make one with 'claimgw participants key LICENCE'.",
    )


async def _add(database: Database, made: Credential) -> None:
    async with database.write() as unit:
        await store.add_credential(unit, made)


def _credential(
    kind: CredentialKind, label: str, digest: bytes, licences: list[str], expires: datetime | None
) -> Credential:
    now = _clock.now()
    if expires is not None and expires <= now:
        raise typer.BadParameter("that moment is past", param_hint="--expires")
    return Credential(
        id=new_id(now),
        kind=kind,
        label=label,
        digest=digest,
        licences=frozenset(licences),
        created_at=now,
        expires_at=expires,
    )


def _usable(file: Path, now: datetime) -> Certificate:
    try:
        read = read_certificate(file.read_bytes())
    except OSError as fault:
        raise ConfigurationError(f"{file} cannot be read: {fault.strerror}") from fault
    if read is None:
        raise ConfigurationError(f"{file} holds no certificate, neither PEM nor DER")
    if read.not_after <= now:
        raise Refusal(f"the certificate expired at {read.not_after:%Y-%m-%d %H:%M} UTC")
    return read


def _as_json(held: Credential, now: datetime) -> dict[str, Any]:
    expired = held.expires_at is not None and held.expires_at <= now
    return {
        "id": held.id,
        "kind": held.kind.value,
        "label": held.label,
        "licences": sorted(held.licences),
        "state": "revoked" if held.revoked_at else "expired" if expired else "live",
        "digest": held.digest.hex(),
        "created_at": held.created_at,
        "expires_at": held.expires_at,
        "revoked_at": held.revoked_at,
    }
