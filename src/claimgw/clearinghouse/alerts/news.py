"""What are people told: that something began, or that it is over, all that is new in one message?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from claimgw.clearinghouse.alerts.decide import span
from claimgw.ids import derived_id
from claimgw.store.alerts import Alert, Kind


@dataclass(frozen=True, slots=True)
class News:
    """One sentence about one alert: it began, or it `ended`."""

    alert: Alert
    ended: bool

    @property
    def text(self) -> str:
        return ending(self.alert) if self.ended else self.alert.text

    def tree(self) -> dict[str, Any]:
        """For machines; moments are ISO 8601 in UTC."""
        alert = self.alert
        return {
            "id": alert.id,
            "what": "ended" if self.ended else "began",
            "kind": alert.kind.value,
            "subject": alert.subject,
            "text": self.text,
            "do": "" if self.ended else REMEDY[alert.kind],
            "since": alert.since.isoformat(),
            "ended_at": alert.ended_at.isoformat() if alert.ended_at and self.ended else None,
            "detail": dict(alert.detail),
        }


@dataclass(frozen=True, slots=True)
class Message:
    """All that is new at one look. Its `id` stays the same if it has to be told again."""

    news: Sequence[News]
    at: datetime

    @property
    def id(self) -> str:
        parts = (f"{one.alert.id} {one.alert.ended_at if one.ended else ''}" for one in self.news)
        return derived_id("alerts", *parts)

    @property
    def subject(self) -> str:
        first, more = self.news[0].text, len(self.news) - 1
        return f"claimgw: {first}" + (f" And {more} more." if more else "")

    @property
    def body(self) -> str:
        """For people to read."""
        return "\n\n".join(
            "\n".join((one.text, *([] if one.ended else [REMEDY[one.alert.kind]]), f"Alert {one.alert.id}"))
            for one in self.news
        )

    def tree(self) -> dict[str, Any]:
        """For machines."""
        return {"type": "alerts", "at": self.at.isoformat(), "alerts": [one.tree() for one in self.news]}


def due(alerts: Sequence[Alert], now: datetime, calm: timedelta) -> list[News]:
    """What nobody was told of yet. An end counts once it has been calm for so long: until then it may be the
    same again.
    """
    begun = [News(alert, ended=False) for alert in alerts if alert.told_at is None]
    over = [
        News(alert, ended=True)
        for alert in alerts
        if alert.ended_at is not None and alert.end_told_at is None and alert.ended_at + calm <= now
    ]
    return [*begun, *over]


REMEDY = {
    Kind.INSURER_DOWN: "It is looked by itself whether it is back; messages are held meanwhile."
    " Ask the insurer, or see its lane in the console.",
    Kind.INVALID_ANSWERS: "Show the insurer the findings; it has an error-notice for each of these answers.",
    Kind.LEDGER: "See `claimgw ledger`: messages may be stuck or doubled.",
    Kind.DEAD_LETTERS: "See `claimgw queue list` or the console; send them again once the insurer is ready.",
    Kind.MAILBOX_AGE: "Ask the provider whether its system still polls.",
    Kind.DISK: "Make room: a full disk stops the database.",
    Kind.SERVER_CERTIFICATE: "Put a new one in its place (CLAIMGW_TLS_CERTIFICATE) and restart the gateway.",
    Kind.CLIENT_CERTIFICATE: "Put a new one in its place, or change the insurer's setting `certificate`.",
    Kind.CREDENTIAL: "Register the participant's next certificate: `claimgw participants certificate`.",
}


def ending(alert: Alert) -> str:
    """How one that has ended is told."""
    assert alert.ended_at is not None
    after = f"after {span((alert.ended_at - alert.since).total_seconds())}"
    often = f" It happened {alert.times} times in all." if alert.times > 1 else ""
    return _ending(alert, after) + often


def _ending(alert: Alert, after: str) -> str:
    figure, subject = alert.detail, alert.subject
    match alert.kind:
        case Kind.INSURER_DOWN:
            who, waited = figure.get("name", subject), figure.get("waiting", 0)
            return f"{who} ({subject}) is back {after}; {waited} messages waited for it."
        case Kind.INVALID_ANSWERS:
            return f"The answers of {subject} can be used again {after}."
        case Kind.LEDGER:
            return f"The books balance again {after} ({subject})."
        case Kind.DEAD_LETTERS:
            left = figure.get("dead", 0)
            return f"No more messages to {subject} are given up; there are {left} dead letters."
        case Kind.MAILBOX_AGE:
            return f"{subject} has fetched its old messages."
        case Kind.DISK:
            return f"There is room again {after}: {subject}."
        case Kind.SERVER_CERTIFICATE | Kind.CLIENT_CERTIFICATE | Kind.CREDENTIAL:
            return f"The certificate was replaced: {subject}."
    assert_never(alert.kind)
