"""What is wrong, going by the figures of one look and the time, and what of that is new?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from claimgw.clearinghouse.alerts.figures import Figures, Thresholds
from claimgw.store.alerts import Alert, Kind
from claimgw.store.troubles import Unusable

# So long after the last message that was given up it is one alert; then the next one begins another.
_DEAD_LETTERS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong; to be noted as a row of that kind and subject."""

    kind: Kind
    subject: str
    text: str
    since: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Over:
    """Something that was wrong, and is no more since then."""

    kind: Kind
    subject: str
    at: datetime


Change = Wrong | Over


def changes(figures: Figures, known: Sequence[Alert], limits: Thresholds, now: datetime) -> list[Change]:
    """What has to be noted. `known`: alerts whose end nobody was told of; the same again gives nothing.

    Those of other machines, and of kinds that are not looked at here, are left as they are.
    """
    latest = {(alert.kind, alert.subject): alert for alert in known}
    present = {key: alert for key, alert in latest.items() if alert.present}
    found = {
        (wrong.kind, wrong.subject): _at_worst(wrong, latest.get((wrong.kind, wrong.subject)))
        for wrong in _wrong(figures, present, limits, now)
    }
    begun = [
        wrong for key, wrong in found.items() if key not in present or wrong.detail != present[key].detail
    ]
    over = [
        Over(kind, subject, _end(kind, subject, figures, now))
        for kind, subject in present.keys() - found.keys()
        if _looked_at(kind, subject, limits) and _may_end(kind, subject, figures)
    ]
    return [*begun, *sorted(over, key=lambda one: (one.kind, one.subject))]


def _at_worst(wrong: Wrong, known: Alert | None) -> Wrong:
    """Of one that is known already: figures at their maximum, the rest as it was first."""
    before = known.detail if known is not None else {}
    worst = {
        name: max(value, before[name])
        for name, value in wrong.detail.items()
        if isinstance(value, int) and isinstance(before.get(name), int)
    }
    return replace(wrong, detail={**wrong.detail, **before, **worst})


def _looked_at(kind: Kind, subject: str, limits: Thresholds) -> bool:
    match kind:
        case Kind.LEDGER:
            return False  # whoever goes through the books says so
        case Kind.DISK | Kind.SERVER_CERTIFICATE:
            return subject.startswith(f"{limits.machine}:")
        case _:
            return True


def _may_end(kind: Kind, subject: str, figures: Figures) -> bool:
    """Silence is no valid answer."""
    return kind is not Kind.INVALID_ANSWERS or subject in figures.mended


def _end(kind: Kind, subject: str, figures: Figures, now: datetime) -> datetime:
    return figures.back.get(subject, now) if kind is Kind.INSURER_DOWN else now


def _wrong(
    figures: Figures, present: Mapping[tuple[Kind, str], Alert], limits: Thresholds, now: datetime
) -> Iterator[Wrong]:
    yield from _down(figures)
    yield from _invalid(figures, present, limits, now)
    yield from _dead(figures, present, now)
    yield from _unfetched(figures, limits, now)
    yield from _full(figures, limits, now)
    yield from _expiring(figures, limits, now)


def _down(figures: Figures) -> Iterator[Wrong]:
    for down in figures.down:
        detail = {"name": down.name, "waiting": down.waiting}
        text = f"{down.name} ({down.insurer}) is taken for down: {down.reason}."
        yield Wrong(Kind.INSURER_DOWN, down.insurer, text, down.since, detail)


def _invalid(
    figures: Figures, present: Mapping[tuple[Kind, str], Alert], limits: Thresholds, now: datetime
) -> Iterator[Wrong]:
    for answers in figures.unusable:
        known = present.get((Kind.INVALID_ANSWERS, answers.insurer))
        if _share(answers) < limits.invalid_share:
            continue
        if known is None and answers.unusable < limits.invalid_least:
            continue
        codes = list(figures.findings.get(answers.insurer, ()))
        most = f", most of all {', '.join(codes)}" if codes else ""
        text = (
            f"{answers.unusable} answers of {answers.insurer} in the last {span(limits.window_seconds)}"
            f" could not be used{most}."
        )
        detail = {"unusable": answers.unusable, "findings": codes}
        yield Wrong(Kind.INVALID_ANSWERS, answers.insurer, text, now, detail)


def _share(answers: Unusable) -> float:
    return answers.unusable / (answers.unusable + answers.usable)


def _dead(figures: Figures, present: Mapping[tuple[Kind, str], Alert], now: datetime) -> Iterator[Wrong]:
    for letters in figures.dead:
        before = figures.dead_before.get(letters.insurer)
        if (Kind.DEAD_LETTERS, letters.insurer) in present:
            grows = letters.newest + _DEAD_LETTERS > now
        else:
            grows = before is None or letters.newest > before - _DEAD_LETTERS
        if grows:
            text = f"Messages to {letters.insurer} are given up: {letters.count} dead letters by now."
            detail = {"dead": letters.count}
            yield Wrong(Kind.DEAD_LETTERS, letters.insurer, text, now, detail)


def _unfetched(figures: Figures, limits: Thresholds, now: datetime) -> Iterator[Wrong]:
    for provider, oldest in figures.mailboxes:
        if oldest + timedelta(seconds=limits.mailbox_seconds) <= now:
            text = f"{provider} does not fetch its messages: the oldest waits since {_moment(oldest)}."
            yield Wrong(Kind.MAILBOX_AGE, provider, text, now)


def _full(figures: Figures, limits: Thresholds, now: datetime) -> Iterator[Wrong]:
    for folder, free in figures.free.items():
        if free < limits.disk_bytes:
            text = f"Only {free // 2**20} MB are free on {limits.machine} where {folder} is."
            yield Wrong(Kind.DISK, f"{limits.machine}:{folder}", text, now)


def _expiring(figures: Figures, limits: Thresholds, now: datetime) -> Iterator[Wrong]:
    server = figures.server_certificate
    parts: Iterable[tuple[Kind, str, str, datetime]] = (
        *(
            [
                (
                    Kind.SERVER_CERTIFICATE,
                    f"{limits.machine}:tls",
                    f"of the gateway on {limits.machine}",
                    server,
                )
            ]
            if server is not None
            else []
        ),
        *(
            (Kind.CLIENT_CERTIFICATE, insurer, f"the gateway shows {insurer}", at)
            for insurer, at in figures.client_certificates.items()
        ),
        *(
            (Kind.CREDENTIAL, licence, f"by which {licence} comes in", at)
            for licence, at in figures.credentials.items()
        ),
    )
    for kind, subject, which, at in parts:
        if at - timedelta(days=limits.certificate_days) <= now:
            text = f"The certificate {which} expires, or has expired, on {_moment(at)}."
            yield Wrong(kind, subject, text, now)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def span(seconds: float) -> str:
    """As people say it: "4 days 3 h", "15 min", "40 s"."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} {'day' if days == 1 else 'days'}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else f"{whole} s"
