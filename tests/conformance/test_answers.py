"""Is what insurers send judged by its profile: told of, but withheld only where base FHIR is broken?"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from claimgw.conformance import check
from claimgw.conformance.severity import direction_of
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Severity, errors
from tests.gateway import example

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


class Row(NamedTuple):
    message: str
    code: str
    place: str  # below the resource of the second entry; of the first for what has no second


ONLY_THE_PROFILE_WANTS_IT = [
    Row("claim-response-complete", "IC-00076", "identifier"),
    Row("priorauth-response-complete", "IC-00103", "requestor"),
    Row("priorauth-response-complete", "BV-00386", "preAuthRef"),
    Row("advanced-authorization", "IC-01428", "preAuthPeriod"),
    Row("eligibility-response", "BV-00503", "extension"),
    Row("acknowledgement-ok", "IC-00222", "meta"),
    Row("communication-request", "IC-00119", "category"),
    Row("communication-request", "IC-01428", "payload"),
    Row("payment-reconciliation", "IC-00275", "period"),
    Row("payment-reconciliation", "IC-01460", "requestor"),
]
BASE_FHIR_WANTS_IT = [
    Row("claim-response-complete", "IC-00095", "outcome"),
    Row("claim-response-complete", "IC-00083", "item[0].adjudication[0].category"),
    Row("priorauth-response-complete", "IC-00096", "patient"),
    Row("advanced-authorization", "IC-01485", "addItem[0].productOrService"),
    Row("eligibility-response", "IC-00176", "request"),
    Row("acknowledgement-ok", "IC-00224", "response.code"),
    Row("acknowledgement-fatal-error", "IC-01390", "issue[0].severity"),
    Row("communication-request", "IC-00129", "status"),
    Row("payment-reconciliation", "IC-00272", "paymentAmount"),
]


@pytest.mark.parametrize("row", ONLY_THE_PROFILE_WANTS_IT, ids=lambda row: f"{row.message} {row.place}")
def test_what_only_the_profile_wants_is_missed_and_the_message_delivered(row: Row) -> None:
    envelope = without(row)
    found = check(envelope, NOW, direction=direction_of(envelope.event))
    assert (row.code, row.place) in [(one.code, below(one.path)) for one in found]
    assert errors(found) == []
    assert {one.severity for one in found} == {Severity.WARNING}


@pytest.mark.parametrize("row", BASE_FHIR_WANTS_IT, ids=lambda row: f"{row.message} {row.place}")
def test_what_base_fhir_wants_is_an_error_in_an_answer_too(row: Row) -> None:
    envelope = without(row)
    found = errors(check(envelope, NOW, direction=direction_of(envelope.event)))
    assert [(one.code, below(one.path)) for one in found] == [(row.code, row.place)]


def without(row: Row) -> Envelope:
    """The example without the element."""
    bundle = json.loads(example(row.message))
    holder: Any = bundle["entry"][min(1, len(bundle["entry"]) - 1)]["resource"]
    *way, last = row.place.replace("[", ".").replace("]", "").split(".")
    for step in way:
        holder = holder[int(step) if step.isdigit() else step]
    del holder[last]
    envelope = read(encode(bundle))
    assert isinstance(envelope, Envelope)
    return envelope


def below(path: str) -> str:
    return path.partition(".resource.")[2]
