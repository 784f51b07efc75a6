"""Which profiles may a resource of that type declare at 1.0.0?"""

from claimgw.messages.identifiers import DEFINITIONS

_KINDS = ("institutional", "professional", "pharmacy", "oral", "vision")
# Observation is refused with any profile; poll-request and its like belong to 0.3.0 (spec §0.3 item 3).
_NAMES = {
    "Bundle": ("bundle",),
    "Claim": (
        *(f"{kind}-claim" for kind in _KINDS),
        *(f"{kind}-priorauth" for kind in _KINDS),
        "prescriber-priorauth",
        "prescriberRequest",
    ),
    "ClaimResponse": (
        "claim-response",
        "prior-auth-response",
        "advanced-authorization",
        "prescriberResponse",
    ),
    "Communication": ("communication",),
    "CommunicationRequest": ("communication-request",),
    "Coverage": ("coverage",),
    "CoverageEligibilityRequest": ("eligibility-request",),
    "CoverageEligibilityResponse": ("eligibility-response",),
    "Encounter": ("encounter",),
    "Location": ("location",),
    "MedicationRequest": ("medicationRequest",),
    "MessageHeader": ("message-header", "MessageHeader-ErrorNotice"),
    "Observation": (),
    "OperationOutcome": ("operationoutcome", "OperationOutcome", "operation-outcome"),
    "Organization": (
        "insurer-organization",
        "provider-organization",
        "policyholder-organization",
        "organization",
    ),
    "Patient": ("patient",),
    "PaymentNotice": ("payment-notice",),
    "PaymentReconciliation": ("payment-reconciliation",),
    "Practitioner": ("practitioner",),
    "PractitionerRole": ("practitioner-role",),
    "ServiceRequest": ("service-request",),
    "Task": ("task",),
    "VisionPrescription": ("vision-prescription",),
}
_ACCEPTED = {
    kind: frozenset(f"{DEFINITIONS}{name}|1.0.0" for name in names) for kind, names in _NAMES.items()
}
_ACCEPTED["ClaimResponse"] |= {f"{DEFINITIONS}advanced-preauth|0.1.1"}  # spec C-22


def accepted(type_: str) -> frozenset[str] | None:
    """The canonicals with their version; None for a type nphies has no profile of."""
    return _ACCEPTED.get(type_)
