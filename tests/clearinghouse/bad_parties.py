"""Which messages come from, or go to, somebody who has no part in them?"""

from collections.abc import Mapping
from functools import partial

from tests.clearinghouse.bad_said import (
    asking_about,
    cancelling,
    checking,
    granting,
    late_on_cancellation,
    noticing,
    paying,
    writing,
)
from tests.clearinghouse.bad_steps import Alone, Rows, addressed_to, alone, authorization, number, posted_by
from tests.clearinghouse.bad_world import batch, claim, message, nobodys
from tests.clearinghouse.spoken import deferred, fresh
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL

OF_PROVIDERS: Mapping[str, Alone] = {
    "eligibility-request": partial(message, "eligibility-request"),
    "priorauth-request": authorization,
    "claim-request": claim,
    "batch-request": batch,
    "cancel-request": lambda: cancelling(nobodys()),
    "status-check": lambda: checking(nobodys()),
    "communication": lambda: writing(nobodys()),
    "payment-notice": lambda: noticing(nobodys("PaymentReconciliation")),
    "poll-request": partial(message, "poll-request"),
}
OF_INSURERS: Mapping[str, Alone] = {
    "priorauth-response": lambda: deferred(authorization()),
    "claim-response": lambda: deferred(claim()),
    "cancel-response": lambda: late_on_cancellation(cancelling(nobodys())),
    "advanced-authorization": lambda: granting(number()),
    "communication-request": lambda: asking_about(nobodys()),
    "payment-reconciliation": lambda: paying(nobodys(), nobodys("ClaimResponse")),
}
# Given in a session only, or written by the gateway only; with an example of each.
NEVER_POSTED: Mapping[str, str] = {
    "eligibility-response": "eligibility-response",
    "status-response": "status-response",
    "acknowledgement": "acknowledgement-ok",
    "batch-response": "batch-response",
    "poll-response": "poll-response-empty",
    "error-notice": "error-notice",
}
_FOR_US = ("payment-notice", "poll-request")


def rows() -> Rows:
    found: Rows = {}
    for event, make in OF_PROVIDERS.items():
        found[event, "sent by an insurer"] = posted_by(make, FALCON)
        found[event, "in another provider's name"] = alone(make, CLINIC)
        if event in _FOR_US:
            found[event, "addressed to an insurer"] = addressed_to(make, FALCON)
        else:
            found[event, "to a payer that is none here"] = addressed_to(make, "payer:INS-9999")
    for event, make in OF_INSURERS.items():
        found[event, "sent by a provider"] = posted_by(make, HOSPITAL)
        found[event, "in another insurer's name"] = alone(make, DESERT_ROSE)
    for event, name in NEVER_POSTED.items():
        found[event, "posted by an insurer"] = posted_by(partial(fresh, name), FALCON)
    return found
