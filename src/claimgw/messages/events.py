"""Which events are there: what is the focus, who may send them, who answers, with what, can they wait?"""

from dataclasses import dataclass, field
from enum import StrEnum

from claimgw.messages.identifiers import CODES, LicenceKind

SYSTEM = CODES + "ksa-message-events"


class Leg(StrEnum):
    """Which way a message goes."""

    REQUEST = "request"  # a provider asks
    RESPONSE = "response"  # an answer, in session or later
    NOTICE = "notice"  # started by an insurer or by the gateway itself


class Way(StrEnum):
    """Where a request ends (spec §1.2)."""

    INSURER = "insurer"  # the full cycle
    GATEWAY = "gateway"  # it stops with us


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the catalogue (spec §1.3, §2.1)."""

    code: str
    leg: Leg
    sender: LicenceKind
    focus: frozenset[str] = field(
        default_factory=frozenset
    )  # types of the focal resource; empty: none needed
    reply: str | None = None  # the event that answers it
    way: Way = Way.INSURER
    queueable: bool = False  # may wait for an insurer that is away
    deferrable: bool = False  # an insurer may send it later, by itself
    use: str | None = None  # Claim.use or ClaimResponse.use that goes with it (BV-00165)
    offered: bool = True  # what this release carries; the others get BV-00545


_P, _I, _G = LicenceKind.PROVIDER, LicenceKind.PAYER, LicenceKind.GATEWAY
_TASK = frozenset({"Task"})
_CLAIM = frozenset({"Claim"})
_CLAIM_RESPONSE = frozenset({"ClaimResponse"})
_OUTCOME = frozenset({"OperationOutcome"})

_ALL = (
    Event(
        "eligibility-request",
        Leg.REQUEST,
        _P,
        frozenset({"CoverageEligibilityRequest"}),
        "eligibility-response",
    ),
    Event("eligibility-response", Leg.RESPONSE, _I, frozenset({"CoverageEligibilityResponse"})),
    Event(
        "priorauth-request",
        Leg.REQUEST,
        _P,
        _CLAIM,
        "priorauth-response",
        queueable=True,
        use="preauthorization",
    ),
    Event(
        "priorauth-response",
        Leg.RESPONSE,
        _I,
        _CLAIM_RESPONSE,
        "acknowledgement",
        deferrable=True,
        use="preauthorization",
    ),
    Event("claim-request", Leg.REQUEST, _P, _CLAIM, "claim-response", queueable=True, use="claim"),
    Event(
        "claim-response",
        Leg.RESPONSE,
        _I,
        _CLAIM_RESPONSE,
        "acknowledgement",
        deferrable=True,
        use="claim",
    ),
    Event("batch-request", Leg.REQUEST, _P, frozenset({"Bundle"}), "batch-response", Way.GATEWAY),
    Event("batch-response", Leg.RESPONSE, _G, frozenset({"Bundle"})),
    Event("cancel-request", Leg.REQUEST, _P, _TASK, "cancel-response"),
    Event("cancel-response", Leg.RESPONSE, _I, _TASK, deferrable=True),
    Event("status-check", Leg.REQUEST, _P, _TASK, "status-response"),
    Event("status-response", Leg.RESPONSE, _I, _TASK),
    Event("poll-request", Leg.REQUEST, _P, _TASK, "poll-response", Way.GATEWAY),
    Event("poll-response", Leg.RESPONSE, _G, _TASK),
    Event("communication-request", Leg.NOTICE, _I, frozenset({"CommunicationRequest"}), "acknowledgement"),
    Event("communication", Leg.REQUEST, _P, frozenset({"Communication"}), "acknowledgement", queueable=True),
    Event("payment-reconciliation", Leg.NOTICE, _I, frozenset({"PaymentReconciliation"}), "acknowledgement"),
    Event("payment-notice", Leg.REQUEST, _P, frozenset({"PaymentNotice"}), "acknowledgement", Way.GATEWAY),
    Event(
        "advanced-authorization", Leg.NOTICE, _I, _CLAIM_RESPONSE, "acknowledgement", use="preauthorization"
    ),
    Event("acknowledgement", Leg.RESPONSE, _I),
    Event("error-notice", Leg.NOTICE, _G, _OUTCOME, "acknowledgement", queueable=True),
    Event(
        "prescriber-request",
        Leg.REQUEST,
        _P,
        _CLAIM,
        "prescriber-response",
        use="predetermination",
        offered=False,
    ),
    Event(
        "prescriber-response",
        Leg.RESPONSE,
        _I,
        _CLAIM_RESPONSE,
        deferrable=True,
        use="predetermination",
        offered=False,
    ),
    Event(
        "referral-request", Leg.REQUEST, _P, frozenset({"ServiceRequest"}), "referral-response", offered=False
    ),
    Event("referral-response", Leg.RESPONSE, _I, _TASK, offered=False),
    Event("fraud-notification", Leg.NOTICE, _G, offered=False),
    Event("nullify-request", Leg.REQUEST, _P, _TASK, "nullify-response", offered=False),
    Event("nullify-response", Leg.RESPONSE, _I, _TASK, offered=False),
)

EVENTS = {event.code: event for event in _ALL}
