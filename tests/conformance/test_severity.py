"""Is a breach as bad as the table, the operator and a grace say, on the day the message came?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from claimgw.conformance import Direction, check
from claimgw.conformance.rulebook.catalogue import listed
from claimgw.conformance.severity import Grace, Level, Line, Severities, day_of, defaults
from claimgw.messages.findings import Finding, Severity, errors
from tests.conformance.sample import INSURER, NOW, PROVIDER, Json, answer, claim, envelope, resource

_DAY = date(2026, 11, 10)
_FAULT = Finding("IC-01428", "Bundle", "A fault")
_EVERYWHERE = dict.fromkeys(Direction, Level.WARNING)


def _told(
    severities: Severities,
    code: str,
    direction: Direction = Direction.REQUEST,
    on: date = _DAY,
    *,
    sender: str = "",
    source: str = "",
) -> Severity | None:
    judged = severities.judged(replace(_FAULT, code=code, source=source), direction, on, sender)
    return judged.severity if judged else None


def _changed(*lines: Line, graces: tuple[Grace, ...] = ()) -> Severities:
    return defaults().changed(lines, graces)


@pytest.mark.parametrize(
    ("code", "direction", "severity"),
    [
        ("BV-00002", Direction.REQUEST, Severity.ERROR),
        ("BV-00002", Direction.ANSWER, Severity.WARNING),
        ("IC-00046", Direction.NOTICE, Severity.ERROR),  # by its family
        ("IC-01428", Direction.NOTICE, Severity.WARNING),  # its own line before that of the family
        ("RE-00177", Direction.REQUEST, Severity.WARNING),
        ("house-1", Direction.REQUEST, Severity.ERROR),
    ],
)
def test_the_table_says_how_bad_a_breach_is(code: str, direction: Direction, severity: Severity) -> None:
    assert _told(defaults(), code, direction) is severity


def test_the_table_speaks_of_rules_there_are() -> None:
    families = {code.partition("-")[0] for code in listed()}
    assert [of for of in defaults().shipped if of and of not in listed() and of not in families] == []


def test_what_an_insurer_writes_is_not_withheld_for_a_profiles_sake() -> None:
    assert _told(defaults(), "IC-00046", Direction.ANSWER, source="profile") is Severity.WARNING


@pytest.mark.parametrize(("day", "severity"), [(14, None), (15, Severity.ERROR)])
def test_a_rule_becomes_mandatory_in_the_middle_of_a_month(day: int, severity: Severity | None) -> None:
    assert _told(defaults(), "IC-01620", on=date(2025, 11, day)) is severity


def test_a_day_begins_at_midnight_in_riyadh() -> None:
    midnight = datetime(2025, 11, 14, 21, tzinfo=UTC)
    assert day_of(midnight) == date(2025, 11, 15)
    assert day_of(midnight - timedelta(seconds=1)) == date(2025, 11, 14)


def test_a_change_counts_from_its_first_day_to_its_last() -> None:
    changed = _changed(Line("BV-00002", _EVERYWHERE, _DAY, _DAY))
    around = (_told(changed, "BV-00002", on=_DAY + timedelta(days=days)) for days in (-1, 0, 1))
    assert list(around) == [Severity.ERROR, Severity.WARNING, Severity.ERROR]


def test_a_rule_has_several_periods_and_the_last_word_counts() -> None:
    changed = _changed(
        Line("BV-00002", dict.fromkeys(Direction, Level.OFF), date(2026, 11, 1), date(2026, 11, 30)),
        Line("BV-00002", _EVERYWHERE, date(2026, 11, 10), date(2026, 11, 12)),
        Line("BV-00002", _EVERYWHERE, date(2026, 12, 10), None),
    )
    told = [_told(changed, "BV-00002", on=date(2026, *day)) for day in ((11, 9), (11, 10), (12, 1), (12, 31))]
    assert told == [None, Severity.WARNING, Severity.ERROR, Severity.WARNING]


def test_a_change_of_one_direction_leaves_the_others() -> None:
    changed = _changed(Line("IC", {Direction.ANSWER: Level.WARNING}))
    assert _told(changed, "IC-00046", Direction.ANSWER) is Severity.WARNING
    assert _told(changed, "IC-00046", Direction.NOTICE) is Severity.ERROR


def test_a_change_of_a_family_overrules_the_shipped_line_of_a_code_but_not_a_change_of_it() -> None:
    family = Line("RE", dict.fromkeys(Direction, Level.INFORMATION))
    code = Line("RE-00180", dict.fromkeys(Direction, Level.ERROR))
    assert _told(_changed(code, family), "RE-00177") is Severity.INFORMATION
    assert _told(_changed(code, family), "RE-00180") is Severity.ERROR


def test_a_change_may_make_a_warning_of_a_profile_an_error() -> None:
    mild = replace(_FAULT, severity=Severity.WARNING)
    stays = defaults().judged(mild, Direction.REQUEST, _DAY)
    raised = _changed(Line(mild.code, dict.fromkeys(Direction, Level.ERROR))).judged(
        mild, Direction.REQUEST, _DAY
    )
    assert stays == mild
    assert raised == replace(mild, severity=Severity.ERROR)


def test_a_grace_is_one_participants_and_ends_by_itself() -> None:
    changed = _changed(graces=(Grace("IC", str(PROVIDER), _DAY, _DAY + timedelta(days=2)),))
    days = [_DAY + timedelta(days=days) for days in (-1, 0, 2, 3)]
    told = [_told(changed, "IC-00046", on=on, sender=str(PROVIDER)) for on in days]
    assert told == [Severity.ERROR, Severity.WARNING, Severity.WARNING, Severity.ERROR]
    assert _told(changed, "IC-00046", sender=str(INSURER)) is Severity.ERROR


def test_a_grace_lowers_errors_only() -> None:
    grace = Grace("BV", str(PROVIDER), _DAY, _DAY)
    line = Line("BV-00002", dict.fromkeys(Direction, Level.OFF))
    assert _told(_changed(line, graces=(grace,)), "BV-00002", sender=str(PROVIDER)) is None


def _without_accounting_period() -> Json:
    message = claim()
    del resource(message, 1)["extension"][2]
    return message


def test_a_message_that_was_held_is_judged_by_the_day_it_came() -> None:
    """It came while the rule was a warning; it is judged again, days later, when the rule is an error."""
    received = NOW
    since = day_of(NOW) + timedelta(days=1)
    changed = _changed(Line("IC-01620", _EVERYWHERE, last=since - timedelta(days=1)))
    message = envelope(_without_accounting_period())

    def refused(at: datetime) -> bool:
        return bool(errors(check(message, at, direction=Direction.REQUEST, severities=changed)))

    assert not refused(received)
    assert refused(received + timedelta(days=1))


def test_an_insurer_in_grace_is_delivered_and_another_is_not() -> None:
    message = answer()
    resource(message, 1)["outcome"] = "bogus"
    grace = Grace("IB-00071", str(INSURER), day_of(NOW), day_of(NOW))

    def faults(severities: Severities) -> list[str]:
        found = check(envelope(message), NOW, direction=Direction.ANSWER, severities=severities)
        return [one.code for one in errors(found)]

    assert faults(_changed(graces=(grace,))) == []
    assert faults(_changed(graces=(replace(grace, sender="payer:ELSE"),))) == ["IB-00071"]


def test_with_every_rule_off_nothing_is_found() -> None:
    message = _without_accounting_period()
    resource(message, 1)["bogus"] = {}
    silent = _changed(Line("", dict.fromkeys(Direction, Level.OFF)))
    assert check(envelope(message), NOW, direction=Direction.REQUEST, severities=silent) == []
