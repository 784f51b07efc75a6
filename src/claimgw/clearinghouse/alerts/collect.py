"""Where do the figures of a look come from? The store, the registry, this machine's disk and files."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from claimgw.access.certificates import read_certificate
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.alerts.figures import Down, Figures, Thresholds
from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Arrived, Outcome
from claimgw.store import Unit, alerts, troubles
from claimgw.store.alerts import Alert, Kind
from claimgw.store.breakers import Position, all_circuits
from claimgw.store.credentials import CredentialKind

_TOP_FINDINGS = 5
# Endings whose detail lists codes; of the others the ending itself says what is wrong.
_LISTING = {Outcome.INVALID_ANSWER, Outcome.FOREIGN_ANSWER}
_UNUSABLE = {
    outcome
    for outcome, meaning in MEANING.items()
    if meaning.notice and meaning.arrived is Arrived.YES and meaning.again is Again.NEVER
}


async def collect(
    unit: Unit, registry: Snapshot, known: Sequence[Alert], limits: Thresholds, now: datetime
) -> Figures:
    """Everything a look needs, from one snapshot of the database."""
    since = now - timedelta(seconds=limits.window_seconds)
    unusable = await troubles.unusable_answers(unit, since, limits.invalid_share)
    told = [a.subject for a in known if a.present and a.kind is Kind.INVALID_ANSWERS]
    down, back = await _circuits(unit, registry)
    free, server, clients = await asyncio.to_thread(_of_machine, registry, limits)
    return Figures(
        down=down,
        back=back,
        unusable=unusable,
        mended=frozenset([licence for licence in told if await troubles.usable(unit, licence, since)]),
        findings={one.insurer: top(await _endings(unit, one.insurer, since)) for one in unusable},
        dead=await troubles.dead_letters(unit),
        dead_before=await alerts.last_ends(unit, Kind.DEAD_LETTERS),
        mailboxes=await troubles.oldest_waiting(unit, now - timedelta(seconds=limits.mailbox_seconds)),
        free=free,
        server_certificate=server,
        client_certificates=clients,
        credentials=_credentials(registry),
    )


async def _endings(unit: Unit, insurer: str, since: datetime) -> list[tuple[str, str]]:
    """Of answers in a session, and of those that it sent by itself."""
    refused = await troubles.codes_of_refused(unit, insurer, since)
    in_session = await troubles.endings_of_unusable(unit, insurer, since)
    return [*in_session, *((Outcome.INVALID_ANSWER, codes) for codes in refused)]


def top(endings: Iterable[tuple[str, str]]) -> list[str]:
    """The codes found most often. No text of a finding: it may quote."""
    counted: Counter[str] = Counter()
    for outcome, detail in endings:
        if outcome in _LISTING:
            counted.update(code for code in detail.split(", ") if code)
        elif outcome in _UNUSABLE:
            counted[outcome] += 1
    return [code for code, _ in sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:_TOP_FINDINGS]]


async def _circuits(unit: Unit, registry: Snapshot) -> tuple[list[Down], dict[str, datetime]]:
    down, back = [], {}
    for circuit in await all_circuits(unit):
        licence = circuit.licence
        if circuit.state is Position.CLOSED:
            back[licence] = circuit.since
            continue
        insurer = registry.participant(licence)
        name = insurer.name if insurer is not None else licence
        waiting = await troubles.waiting(unit, licence)
        down.append(Down(licence, name, circuit.since, circuit.reason, waiting))
    return down, back


def _of_machine(
    registry: Snapshot, limits: Thresholds
) -> tuple[dict[Path, int], datetime | None, dict[str, datetime]]:
    """Free bytes, and when certificates in files expire. Blocks: it reads files."""
    free = {folder: shutil.disk_usage(folder).free for folder in limits.folders if folder.exists()}
    clients = {
        licence: expiry
        for licence, held in registry.participants.items()
        if held.settings.certificate is not None and not held.blocked
        if (expiry := _expiry(held.settings.certificate)) is not None
    }
    return free, _expiry(limits.certificate) if limits.certificate else None, clients


def _expiry(file: Path) -> datetime | None:
    """None for what cannot be read: whoever uses it says so."""
    try:
        read = read_certificate(file.read_bytes())
    except OSError:
        return None
    return read.not_after if read is not None else None


def _credentials(registry: Snapshot) -> dict[str, datetime]:
    """When the last certificate of each licence expires: one that was replaced in time concerns nobody."""
    last: dict[str, datetime] = {}
    for credential in registry.credentials.values():
        if credential.kind is not CredentialKind.CERTIFICATE or credential.revoked_at is not None:
            continue
        for licence in credential.licences if credential.expires_at is not None else ():
            assert credential.expires_at is not None
            held = registry.participant(licence)
            if held is not None and not held.blocked:
                last[licence] = max(credential.expires_at, last.get(licence, credential.expires_at))
    return last
