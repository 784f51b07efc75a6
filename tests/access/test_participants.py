"""Is a participant that cannot work refused, with the field named?"""

from pathlib import Path
from typing import Any

import pytest

from claimgw.access.participants import Kind, Mode, Participant, ParticipantSettings
from claimgw.errors import ConfigurationError
from claimgw.store.participants import ParticipantRecord
from tests.access.registered import NOW, insurer, provider, tpa


def test_an_empty_row_gets_the_defaults_of_the_design() -> None:
    settings = Participant.read(insurer()).settings
    assert settings.mode is Mode.ONLINE
    assert (settings.connect_seconds, settings.answer_seconds, settings.grace_seconds) == (5, 50, 300)
    assert settings.most_in_flight == 4
    assert settings.attachment_types == ("application/pdf", "image/jpeg")


def test_settings_are_written_without_what_is_default() -> None:
    settings = ParticipantSettings.read({"answer_seconds": 20, "mode": "by-hand", "connect_seconds": 5})
    assert settings.write() == {"answer_seconds": 20.0, "mode": "by-hand"}
    assert ParticipantSettings.read(settings.write()) == settings


def test_an_adapter_is_told_limits_and_certificates() -> None:
    settings = {
        "connect_seconds": 3,
        "authority": "/etc/ca.pem",
        "certificate": "/etc/us.pem",
        "key": "/etc/us.key",
        "check_hostname": False,
        "health_endpoint": "https://ins.example/health",
        "most_connections": 9,
    }
    connection = Participant.read(insurer(settings=settings)).connection()
    assert connection.endpoint == "https://ins.example/$process-message"
    assert connection.health_endpoint == "https://ins.example/health"
    assert connection.connect_seconds == 3
    assert connection.most_connections == 9
    assert connection.tls.authority == Path("/etc/ca.pem")
    assert connection.tls.certificate == Path("/etc/us.pem")
    assert connection.tls.key == Path("/etc/us.key")
    assert not connection.tls.check_hostname


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"answer_seconds": "soon"}, "answer_seconds: Input should be a valid number"),
        ({"answer_seconds": 61}, "answer_seconds: Input should be less than or equal to 60"),
        ({"most_in_flight": 0}, "most_in_flight: Input should be greater than or equal to 1"),
        ({"anser_seconds": 5}, "anser_seconds: there is no such setting"),
        ({"certificate": "/etc/us.pem"}, "certificate and key belong together"),
        ({"connect_seconds": 9, "answer_seconds": 8}, "connect_seconds is a part of answer_seconds"),
        ({"mode": "fax", "batch": "perhaps"}, "mode: .*; batch: "),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"payer:INS-2001: {text}"):
        Participant.read(insurer(settings=settings))


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (insurer(licence="provider:1"), "a participant of kind insurer has a licence payer:NUMBER"),
        (provider(licence="payer:1"), "a participant of kind provider has a licence provider:NUMBER"),
        (provider(licence="1"), "'1' is no licence"),
        (provider(kind="bank"), "'bank' is not a valid Kind"),
        (provider(endpoint="https://x.example"), "endpoint: a provider is never called"),
        (insurer(adapter=None), "adapter: missing"),
        (insurer(adapter=None, endpoint=None), "adapter: missing"),
        (insurer(adapter=None, settings={"mode": "by-hand"}), "adapter: missing; an endpoint alone"),
        (insurer(endpoint="ins.example"), "endpoint: the adapter fhir-http calls a URL"),
        (insurer(endpoint=None), "endpoint: the adapter fhir-http calls a URL"),
        (insurer(name="x" * 251), "name: at most 250 characters"),
        (insurer(name="x\0y"), "name: .* none of them a control character"),
        (insurer(events=("claim-response", "claim-reponse")), "events: claim-reponse is none"),
    ],
)
def test_a_participant_that_cannot_work_is_refused(record: ParticipantRecord, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        Participant.read(record)


@pytest.mark.parametrize(
    "record",
    [
        provider(),
        tpa(),
        insurer(adapter="sandbox", endpoint=None),
        insurer(adapter=None, endpoint=None, settings={"mode": "by-hand"}),
        provider(events=("claim-request",)),
    ],
)
def test_a_participant_that_can_work_is_read(record: ParticipantRecord) -> None:
    read = Participant.read(record)
    assert read.kind is Kind(record.kind)
    assert not read.blocked


def test_a_row_with_a_block_is_a_blocked_participant() -> None:
    assert Participant.read(insurer(blocked_at=NOW, blocked_reason="unpaid")).blocked
