"""Are the dates of a message compared with each other, and with its receipt, to the minute and no further?"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance import check, direction_of
from claimgw.messages.envelope import Envelope, read

_EXAMPLES = Path(__file__).parents[2] / "examples"


def _example(stem: str) -> Any:
    return json.loads((_EXAMPLES / f"{stem}.json").read_bytes())


def _codes(message: Any, received: str) -> set[str]:
    envelope = read(json.dumps(message).encode())
    assert isinstance(envelope, Envelope)
    now = datetime.fromisoformat(received)
    found = check(envelope, now, direction=direction_of(envelope.event), all_stages=True)
    return {one.code for one in found}


@pytest.mark.parametrize(
    ("created", "early"),
    [
        ("2026-03-09T14:20:12+03:00", False),
        ("2026-03-09T14:20:12.001+03:00", True),
        ("2026-03-09T11:20:12Z", False),
        ("2026-03-09T11:20:13Z", True),
        ("2026-03-09", False),
        ("2026-03-10", True),
    ],
)
def test_a_claim_may_be_written_a_quarter_of_an_hour_after_it_came(created: str, early: bool) -> None:
    message = _example("claim-request-professional")
    message["entry"][1]["resource"]["created"] = created
    assert ("BV-00064" in _codes(message, "2026-03-09T14:05:12+03:00")) == early


@pytest.mark.parametrize(
    ("received", "over"),
    [
        ("2026-11-02T23:59:59+03:00", False),
        ("2026-11-03T00:15:00+03:00", True),
        ("2026-11-03T00:14:59+03:00", False),
        ("2026-11-02T21:15:00Z", True),
    ],
)
def test_a_day_of_eligibility_is_over_at_midnight_in_saudi_arabia(received: str, over: bool) -> None:
    message = _example("eligibility-request")
    message["entry"][1]["resource"]["servicedPeriod"] = {"start": "2026-11-02", "end": "2026-11-05"}
    assert ("BV-00058" in _codes(message, received)) == over


@pytest.mark.parametrize(
    ("serviced", "outside"),
    [
        ({"servicedDate": "2026-04-12"}, False),
        ({"servicedDate": "2026-04-11"}, True),
        ({"servicedDate": "2026-04-15"}, False),
        ({"servicedDate": "2026-04-16"}, True),
        ({"servicedPeriod": {"start": "2026-04-12T04:30:00Z", "end": "2026-04-15T08:00:00Z"}}, False),
        ({"servicedPeriod": {"start": "2026-04-12T04:29:59Z", "end": "2026-04-15"}}, True),
        ({"servicedPeriod": {"start": "2026-04-16"}}, True),
    ],
)
def test_a_service_is_given_between_arrival_and_departure(serviced: Any, outside: bool) -> None:
    message = _example("claim-request-institutional")
    item = message["entry"][1]["resource"]["item"][0]
    del item["servicedDate"]
    item |= serviced
    assert ("BV-00041" in _codes(message, message["timestamp"])) == outside


def test_a_service_of_an_open_encounter_may_be_on_any_later_day() -> None:
    message = _example("claim-request-institutional")
    del message["entry"][2]["resource"]["period"]["end"]
    message["entry"][1]["resource"]["item"][0]["servicedDate"] = "2026-04-16"
    assert "BV-00041" not in _codes(message, message["timestamp"])
