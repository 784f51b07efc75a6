"""May this caller send this event as this sender? One row per refusal of the specification."""

import pytest

from claimgw.access.callers import Caller
from claimgw.access.permissions import UNIDENTIFIED, may_send
from tests.access.registered import NOW, insurer, provider, snapshot, tpa

REGISTRY = snapshot(
    [
        provider(),
        provider("PR-ONE", events=("claim-request",)),
        provider("PR-BAD", blocked_at=NOW),
        insurer(),
        insurer("INS-BAD", blocked_at=NOW),
        tpa(),
        tpa("TPA-BAD", blocked_at=NOW),
    ]
)


def _code(sender: str, event: str, *licences: str) -> str | None:
    denied = may_send(Caller(frozenset(licences or {sender}), "id"), sender, event, REGISTRY)
    assert denied is None or denied.status == 403
    return None if denied is None else denied.code


@pytest.mark.parametrize(
    ("sender", "event"),
    [
        ("provider:PR-1001", "claim-request"),
        ("provider:PR-1001", "priorauth-request"),
        ("provider:PR-1001", "poll-request"),
        ("provider:PR-1001", "communication"),
        ("provider:PR-ONE", "claim-request"),
        ("payer:INS-2001", "claim-response"),
        ("payer:INS-2001", "payment-reconciliation"),
        ("payer:TPA-3001", "priorauth-response"),
        ("payer:TPA-3001", "communication-request"),
    ],
)
def test_what_a_kind_starts_it_may_send(sender: str, event: str) -> None:
    assert _code(sender, event) is None


@pytest.mark.parametrize(
    ("sender", "event"),
    [
        ("provider:PR-1001", "claim-response"),
        ("provider:PR-1001", "error-notice"),
        ("provider:PR-1001", "poll-response"),
        ("provider:PR-1001", "no-such-event"),
        ("provider:PR-ONE", "priorauth-request"),
        ("payer:INS-2001", "claim-request"),
        ("payer:INS-2001", "poll-request"),
        ("payer:INS-2001", "eligibility-response"),
        ("payer:INS-2001", "acknowledgement"),
        ("payer:TPA-3001", "error-notice"),
    ],
)
def test_what_others_start_it_may_not(sender: str, event: str) -> None:
    assert _code(sender, event) == "BV-00545"


def test_nobody_sends_as_somebody_else() -> None:
    assert _code("provider:PR-1001", "claim-request", "provider:PR-ONE") == "GE-00020"


def test_whether_a_foreign_licence_exists_is_not_told() -> None:
    assert _code("provider:NONE", "claim-request", "provider:PR-1001") == "GE-00020"


def test_one_credential_may_speak_for_many() -> None:
    assert _code("provider:PR-1001", "claim-request", "provider:PR-1001", "provider:PR-ONE") is None


@pytest.mark.parametrize(
    ("sender", "event", "code"),
    [
        ("provider:PR-BAD", "claim-request", "GE-00030"),
        ("payer:INS-BAD", "claim-response", "GE-00029"),
        ("payer:TPA-BAD", "claim-response", "GE-00029"),
        ("payer:TPA-BAD", "claim-request", "GE-00029"),
    ],
)
def test_who_is_blocked_sends_nothing(sender: str, event: str, code: str) -> None:
    assert _code(sender, event) == code


def test_a_licence_without_a_usable_account_is_inactive() -> None:
    assert _code("provider:GONE", "claim-request") == "BV-00196"


def test_a_stranger_gets_a_401_that_does_not_say_why() -> None:
    assert (UNIDENTIFIED.code, UNIDENTIFIED.status) == ("GE-00019", 401)
