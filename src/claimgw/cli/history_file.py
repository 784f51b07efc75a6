"""Which identifiers of before does a table name? Read whole, with every fault and its line."""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from claimgw.conformance.memory import Standing
from claimgw.errors import ConfigurationError
from claimgw.messages.events import EVENTS, Leg
from claimgw.messages.identifiers import Identifier, Licence, LicenceKind
from claimgw.store.records import Imported

COLUMNS = ("provider", "insurer", "type", "system", "value", "event")
_DELIMITERS = ",;\t"
_MOST_TOLD = 20


def read_history(path: Path, known: Collection[str]) -> list[Imported]:
    """The rows of a CSV with a header: COLUMNS, and `standing` for requests; `known` are the licences.

    Raises ConfigurationError with the lines that cannot be used; then nothing of the file is.
    """
    rows: dict[Imported, int] = {}
    faults: list[str] = []
    for line, cells in _lines(path):
        try:
            row = _row(cells, known)
        except ValueError as fault:
            faults.append(f"line {line}: {fault}")
            continue
        first = rows.setdefault(row, line)
        if first != line:
            faults.append(f"line {line}: the same as line {first}")
    if faults:
        more = f"\n… and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
        raise ConfigurationError(f"{path} cannot be used:\n" + "\n".join(faults[:_MOST_TOLD]) + more)
    return list(rows)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(
            f"{path} cannot be read as text in UTF-8 ({type(fault).__name__})"
        ) from fault
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter, restval="")
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        raise ConfigurationError(f"{path}: the header lacks {', '.join(missing)}")
    try:
        for cells in reader:
            extra = cells.pop(None, None)  # csv keeps surplus cells under None
            yield (
                reader.line_num,
                {} if extra else {name: (cell or "").strip() for name, cell in cells.items()},
            )
    except csv.Error as fault:
        raise ConfigurationError(f"{path}, line {reader.line_num}: {fault}") from fault


def _row(cells: dict[str, str], known: Collection[str]) -> Imported:
    """Raises ValueError; its text never quotes the identifier."""
    if not cells:
        raise ValueError("more cells than the header has")
    provider = _licence(cells["provider"], LicenceKind.PROVIDER, known)
    insurer = _licence(cells["insurer"], LicenceKind.PAYER, known)
    if Identifier.of({"system": cells["system"], "value": cells["value"]}) is None:
        raise ValueError("system and value are no identifier")
    event = EVENTS.get(cells["event"])
    if event is None or not event.offered:
        raise ValueError("event: none that this gateway knows")
    if cells["type"] not in event.focus:
        raise ValueError(f"type: of {event.code} it is {' or '.join(sorted(event.focus)) or 'none'}")
    standing = cells.get("standing", "")
    if event.leg is Leg.REQUEST:
        standing = standing or Standing.ANSWERED
        if standing not in set(Standing):
            raise ValueError(f"standing: none of {', '.join(Standing)}")
    elif standing:
        raise ValueError("standing: only requests have one")
    return Imported(provider, insurer, cells["type"], cells["system"], cells["value"], event.code, standing)


def _licence(text: str, kind: LicenceKind, known: Collection[str]) -> str:
    key = text if ":" in text else f"{kind}:{text}"
    try:
        licence = Licence.parse(key)
    except ValueError:
        raise ValueError(f"no licence; write {kind}:NUMBER or the number") from None
    if licence.kind is not kind or str(licence) not in known:
        raise ValueError(
            f"{key} is no {'provider' if kind is LicenceKind.PROVIDER else 'insurer'} of this gateway"
        )
    return str(licence)
