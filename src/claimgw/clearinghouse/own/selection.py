"""Which messages does a poll ask for? Inputs and focus (spec §5.2) of a Task that was checked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import Identifier
from claimgw.store.mailbox import Selection


def select(envelope: Envelope) -> Selection:
    """The selection; what is not given is not asked for."""
    task: dict[str, Any] = envelope.focal.resource if envelope.focal else {}
    inputs = [row for row in task.get("input") or [] if isinstance(row, dict)]
    period: dict[str, Any] = next(
        (row["valuePeriod"] for row in inputs if _code(row.get("type")) == "period"), {}
    )
    counts = [
        row.get("valuePositiveInt", row.get("valueInteger"))
        for row in inputs
        if _code(row.get("type")) == "count"
    ]
    about = Identifier.of((task.get("focus") or {}).get("identifier"))
    return Selection(
        count=counts[0] or 1 if counts else 1,
        include=_events(inputs, "include-message-type"),
        exclude=_events(inputs, "exclude-message-type"),
        received_from=_moment(period.get("start"), end=False),
        received_to=_moment(period.get("end"), end=True),
        about=(about.system, about.value) if about else None,
    )


def _events(inputs: list[dict[str, Any]], wanted: str) -> frozenset[str]:
    values = [
        row.get("valueCode") or _code(row.get("valueCodeableConcept"))
        for row in inputs
        if _code(row.get("type")) == wanted
    ]
    return frozenset(value for value in values if value)


def _code(concept: Any) -> str | None:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    first = codings[0] if isinstance(codings, list) and codings else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) else None


def _moment(text: str | None, *, end: bool) -> datetime | None:
    """A FHIR dateTime as a moment; a partial one stands for its first or its last instant, in UTC.

    None also for what Python's calendar cannot hold, the end of the year 9999 or a leap second: no bound.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text + {4: "-01-01", 7: "-01"}.get(len(text), ""))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if end and len(text) <= 10:
            moment = _after(moment, len(text)) - timedelta(microseconds=1)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _after(moment: datetime, length: int) -> datetime:
    """The beginning of the next year, month or day, by how much of the date was given."""
    if length == 4:
        return moment.replace(year=moment.year + 1)
    if length == 7:
        return (moment + timedelta(days=32)).replace(day=1)
    return moment + timedelta(days=1)
