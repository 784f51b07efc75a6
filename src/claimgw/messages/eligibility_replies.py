"""What does the gateway answer to an eligibility request in the insurer's place? Why there is no answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from claimgw.messages import in_place
from claimgw.messages.echo import Echo, Faulty
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, business_errors
from claimgw.messages.frame import Stamp, generated, instant
from claimgw.messages.identifiers import HOME
from claimgw.messages.in_place import business_answer, focal_of, parties

_PURPOSES = ("auth-requirements", "benefits", "discovery", "validation")


def answerable(request: Envelope) -> bool:
    """Whether an eligibility-response can be written."""
    return in_place.answerable(request, "CoverageEligibilityRequest")


def refused(
    request: Envelope, stamp: Stamp, findings: Sequence[Finding], *, beyond: Sequence[Finding] = ()
) -> bytes:
    """`outcome=error` with every finding; GE-00012 alone if the insurer is away (spec §6.1).

    `beyond` is what else is wrong and not told yet, of later stages: that is not repeated either.
    """
    focal, identifier = focal_of(request)
    faulty = Faulty.of(request, [*findings, *beyond])
    echo = Echo(request, faulty.entries, stamp.base)
    asked = faulty.sound(focal.resource)
    own = stamp.id("CoverageEligibilityResponse")
    named = parties(request, focal, asked, echo)
    response = {
        "resourceType": "CoverageEligibilityResponse",
        "id": own,
        "meta": generated(stamp, "eligibility-response"),
        "identifier": [{"system": HOME + "/CoverageEligibilityResponse", "value": own}],
        "status": "active",
        "purpose": _purpose(asked),
        "patient": named["patient"],
        "servicedDate": asked.get("servicedDate"),
        "servicedPeriod": asked.get("servicedPeriod"),
        "created": instant(stamp.at),
        "requestor": named["requestor"],
        "request": {"type": "CoverageEligibilityRequest", "identifier": identifier.on_the_wire()},
        "outcome": "error",
        "insurer": named["insurer"],
        "error": business_errors(findings, on_coding=stamp.manner.place_on_coding),
    }
    return business_answer(request, stamp, response, echo)


def _purpose(asked: Mapping[str, Any]) -> list[str]:
    """What was asked for; if that cannot be read, what can be asked with so much data (spec §6.1)."""
    given = asked.get("purpose")
    readable = [purpose for purpose in _PURPOSES if isinstance(given, list) and purpose in given]
    return readable or ["validation" if asked.get("insurance") else "discovery"]
