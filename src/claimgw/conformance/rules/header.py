"""Does the MessageHeader say who sends what to whom, as spec §2.2 wants it?"""

from collections.abc import Iterator
from typing import Any

from claimgw.conformance.case import Case, absent, items_at, object_at, objects_at, text_at
from claimgw.conformance.rules.bundle import GUID
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import DEFINITIONS, LICENCE_SYSTEMS
from claimgw.messages.references import is_url

HEADER = "Bundle.entry[0].resource"
_BUSINESS = "bundle.entry[0].resource"
_SYSTEMS = frozenset(LICENCE_SYSTEMS.values())


def mandatory(case: Case) -> Iterator[Finding]:
    """IC-00380, IC-00222, IC-00223, IC-00226: what the profile wants beyond base FHIR."""
    header = case.envelope.header
    if "id" not in header:
        yield Finding("IC-00380", f"{HEADER}.id", "The header has no id", "Give it a GUID never used before")
    if "meta" not in header:
        yield Finding(
            "IC-00222",
            f"{HEADER}.meta",
            "The header has no meta",
            f"Declare {DEFINITIONS}message-header|1.0.0",
        )
    elif absent(header["meta"], "profile"):
        yield Finding(
            "IC-00223",
            f"{HEADER}.meta.profile",
            "The header declares no profile",
            f"Declare {DEFINITIONS}message-header|1.0.0",
        )
    if "sender" not in header:
        yield Finding(
            "IC-00226", f"{HEADER}.sender", "The header names no sender", "Add the sender's licence"
        )


def event(case: Case) -> Iterator[Finding]:
    """IC-00377, IC-00220, IC-00221, IB-00250: the event is a coding that nphies knows."""
    header, here = case.envelope.header, f"{HEADER}.event"
    coding = object_at(header, "eventCoding")
    if coding is None:
        if "eventUri" in header:
            yield Finding("IC-00377", here, "The event is not given as eventCoding", "Give eventCoding")
        return
    code, system = text_at(coding, "code"), text_at(coding, "system")
    if absent(coding, "code"):
        yield Finding("IC-00220", f"{here}.code", "The event has no code", "Add the code")
    if absent(coding, "system"):
        yield Finding("IC-00221", f"{here}.system", "The event has no system", "Add the system")
    if code and system and case.envelope.event is None:
        yield Finding(
            "IB-00250",
            here,
            "The event is not one that nphies knows",
            "Use a code of ksa-message-events, as spelt there",
        )


def destination(case: Case) -> Iterator[Finding]:
    """IC-00375, IC-00218: one destination with a receiver."""
    given = case.envelope.header.get("destination", [])
    if isinstance(given, list) and len(given) != 1:
        yield Finding(
            "IC-00375",
            f"{HEADER}.destination",
            "The header has not exactly one destination",
            "Send an array of one",
        )
    for index, one in objects_at(case.envelope.header, "destination"):
        if one and "receiver" not in one:
            yield Finding(
                "IC-00218",
                f"{HEADER}.destination[{index}].receiver",
                "The destination names no receiver",
                "Add its licence",
            )


def parties(case: Case) -> Iterator[Finding]:
    """IC-01428, RE-00103, RE-00097: a party is given by its licence, or by its Organization in the Bundle."""
    for here, reference, code in _parties(case):
        if not reference:
            continue
        if "identifier" not in reference and "reference" not in reference:
            yield Finding(
                "IC-01428", f"{here}.identifier", "The party is given by no identifier", "Add its licence"
            )
            continue
        if (identifier := object_at(reference, "identifier")) is not None:
            for part in ("system", "value"):
                if part not in identifier:
                    yield Finding(
                        "IC-01428",
                        f"{here}.identifier.{part}",
                        f"The licence has no {part}",
                        "Add system and value",
                    )
        target = case.envelope.find(reference.get("reference"), case.envelope.entries[0])
        if target is not None and target.type != "Organization":
            yield Finding(code, here, "The party is not an Organization", "Refer to an Organization")


def _parties(case: Case) -> Iterator[tuple[str, dict[str, Any], str]]:
    header = case.envelope.header
    if (sender := object_at(header, "sender")) is not None:
        yield f"{HEADER}.sender", sender, "RE-00103"
    for index, one in objects_at(header, "destination"):
        if (receiver := object_at(one, "receiver")) is not None:
            yield f"{HEADER}.destination[{index}].receiver", receiver, "RE-00097"


def focus(case: Case) -> Iterator[Finding]:
    """IC-00379, IC-00378: one focus, but for batches, acknowledgements and answers of the gateway."""
    known = case.envelope.event
    if known is None or not known.focus or known.code in _BATCHES or case.answers_with_failure:
        return
    given = len(items_at(case.envelope.header, "focus"))
    if absent(case.envelope.header, "focus") and known.code != _WITHOUT_FOCUS:
        yield Finding("IC-00379", f"{HEADER}.focus", "The header has no focus", "Refer to the main resource")
    elif given > 1:
        yield Finding(
            "IC-00378", f"{HEADER}.focus", "The header has several foci", "Refer to the main resource only"
        )


_BATCHES = frozenset({"batch-request", "batch-response"})
_WITHOUT_FOCUS = "poll-response"  # the real server's answers to polls have none (spec §5.3)
_FREE_FOCUS = _BATCHES | {_WITHOUT_FOCUS}


def details(case: Case) -> Iterator[Finding]:
    """RE-00101: response.details leads to an OperationOutcome."""
    reference = object_at(case.envelope.response, "details")
    target = case.envelope.find(reference.get("reference"), case.envelope.entries[0]) if reference else None
    if target is not None and target.type != "OperationOutcome":
        yield Finding(
            "RE-00101", f"{HEADER}.response.details", "The details are no OperationOutcome", "Refer to one"
        )


def identity(case: Case) -> Iterator[Finding]:
    """BV-00168: the id is a GUID in small letters."""
    id_ = case.envelope.header_id
    if id_ is not None and not GUID.fullmatch(id_):
        yield Finding(
            "BV-00168",
            f"{_BUSINESS}.id",
            "MessageHeader.id is no GUID",
            "Use 36 characters, in small letters",
        )


def endpoints(case: Case) -> Iterator[Finding]:
    """BV-00177, BV-00218: both endpoints are URLs, though nothing is routed by them."""
    source = text_at(case.envelope.header, "source", "endpoint")
    if source is not None and not is_url(source):
        yield Finding("BV-00177", f"{_BUSINESS}.source.endpoint", "The endpoint is no URL", "Write http://…")
    for index, one in objects_at(case.envelope.header, "destination"):
        endpoint = text_at(one, "endpoint")
        if endpoint is not None and not is_url(endpoint):
            yield Finding(
                "BV-00218",
                f"{_BUSINESS}.destination[{index}].endpoint",
                "The endpoint is no URL",
                "Write http://…",
            )


def licences(case: Case) -> Iterator[Finding]:
    """BV-00211, BV-00201: the licence of a party is of a known system."""
    for here, reference, _ in _parties(case):
        system = text_at(reference, "identifier", "system")
        if system is not None and system not in _SYSTEMS:
            code = "BV-00211" if here.endswith("sender") else "BV-00201"
            yield Finding(
                code,
                f"b{here[1:]}.identifier.system",
                "The system of the licence is not known",
                "Use the provider, payer or nphies licence system, as spelt in the guide",
            )


def focal_type(case: Case) -> Iterator[Finding]:
    """BV-00167: the focal resource is of a type that goes with the event."""
    known, focal = case.envelope.event, case.envelope.focal
    if known is None or not known.focus or known.code in _FREE_FOCUS:
        return
    if case.answers_with_failure and (focal is None or focal.type == "OperationOutcome"):
        return
    # Without a target there is RE-00169 already; for answers that is but a warning, and this the error.
    unresolved = focal is None and case.direction != case.direction.REQUEST
    if unresolved or (focal is not None and focal.type not in known.focus):
        yield Finding(
            "BV-00167",
            f"{_BUSINESS}.focus[0]",
            "The focus does not lead to a resource that goes with the event",
            f"Let it refer to a {' or '.join(sorted(known.focus))} of this Bundle",
        )


def use(case: Case) -> Iterator[Finding]:
    """BV-00165: Claim.use goes with the event."""
    known, focal = case.envelope.event, case.envelope.focal
    if known is None or known.use is None or focal is None or focal.type not in known.focus:
        return
    given = focal.resource.get("use")
    if given is not None and given != known.use:
        yield Finding(
            "BV-00165",
            f"bundle.entry[{focal.index}].resource.use",
            "The use does not go with the event",
            f"Set it to {known.use}",
        )
