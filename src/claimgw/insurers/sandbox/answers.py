"""How is what the insurer says put into a message: in session, later, by itself, or wrong on purpose?

Every function is given the ids and the time (`Stamp`) and gives the bytes of one message.
"""

from dataclasses import dataclass, replace

import msgspec

from claimgw.insurers.sandbox.claim_response import Stamp, local
from claimgw.insurers.sandbox.reading import Party, Request, reachable
from claimgw.insurers.sandbox.terms import ADJUDICATION_ERROR, EVENTS, Json, concept, meta, url_of

# Decimals are written as the numbers they are, with their trailing zeros: 100.00.
_ENCODER = msgspec.json.Encoder(decimal_format="number")

REPLIES = {
    "claim-request": "claim-response",
    "priorauth-request": "priorauth-response",
    "eligibility-request": "eligibility-response",
    "cancel-request": "cancel-response",
    "status-check": "status-response",
}


@dataclass(frozen=True, slots=True)
class Way:
    """From whom to whom a message goes. The endpoints are names; nothing is routed by them."""

    sender: Party
    receiver: Party
    source: str
    destination: str

    @classmethod
    def back(cls, request: Request) -> "Way":
        """Parties and endpoints mirrored (BV-00447, BV-00448)."""
        return cls(request.receiver, request.sender, request.destination_endpoint, request.source_endpoint)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no business answer. `code` is one of CS/adjudication-error."""

    code: str
    display: str


NOT_SUPPORTED = Fault("GE-00026", "Not supported here: the payer cannot process this message")
DECLINED = Fault("GE-00026", "The payer could not process the message")
UNAVAILABLE = Fault("GE-00017", "Service unavailable")
NOT_JSON = Fault("GE-00013", "This is no message: not JSON, no Bundle, or no usable MessageHeader")
NOT_OURS = Fault("GE-00015", "No insurer of that licence is here")


def in_session(
    request: Request,
    resource: Json,
    stamp: Stamp,
    *,
    answers_id: str | None = None,
    beside: tuple[Json, ...] = (),
    sender: Party | None = None,
) -> bytes:
    """The business answer to a request, in its own HTTP session. `beside` are further resources of ours.

    Wrong on purpose: `answers_id` names another request's header than the one that was asked, `sender`
    another insurer than the one that was asked.
    """
    said = {"identifier": answers_id or request.header_id, "code": "ok"}
    way = Way.back(request)
    if sender is not None:
        way = replace(way, sender=sender)
    header = header_of(REPLIES[request.event], way, stamp, said)
    return bundle(header, [resource, *beside], stamp, request)


def deferred(request: Request, resource: Json, stamp: Stamp) -> bytes:
    """The same answer sent later by the insurer itself: no `response` in its header (BV-00248)."""
    return started(REPLIES[request.event], Way.back(request), [resource], stamp, request)


def started(
    event: str, way: Way, resources: list[Json], stamp: Stamp, request: Request | None = None
) -> bytes:
    """A message the insurer starts by itself; the first resource is its focus.

    What the resources refer to is taken from the request, where one is given.
    """
    return bundle(header_of(event, way, stamp), resources, stamp, request)


def acknowledgement(
    request: Request,
    stamp: Stamp,
    fault: Fault | None = None,
    *,
    answers_id: str | None = None,
    sender: Party | None = None,
) -> bytes:
    """Message received; with a fault, `fatal-error` and an OperationOutcome that is no focus (0.3 item 6).

    `answers_id` and `sender` are wrong on purpose, as in `in_session`.
    """
    said: Json = {
        "identifier": answers_id or request.header_id,
        "code": "ok" if fault is None else "fatal-error",
    }
    others: list[Json] = []
    if fault is not None:
        others.append(_operation_outcome(fault, stamp))
        said["details"] = {"reference": url_of(others[0])}
    way = Way.back(request)
    if sender is not None:
        way = replace(way, sender=sender)
    header = header_of("acknowledgement", way, stamp, said)
    return _message(header, [{"fullUrl": url_of(one), "resource": one} for one in others], stamp)


def unaddressed(request: Request, stamp: Stamp) -> bytes:
    """An acknowledgement that does not say of what, which is wrong on purpose (BV-00247)."""
    return _message(header_of("acknowledgement", Way.back(request), stamp), [], stamp)


def bare_outcome(fault: Fault, stamp: Stamp) -> bytes:
    """An OperationOutcome alone, the body of every HTTP status but 200."""
    return _ENCODER.encode(_operation_outcome(fault, stamp))


def padded(message: bytes, size: int) -> bytes:
    """The same JSON, blown up with blanks to more than `size` bytes."""
    return message[:-1] + b" " * (size - len(message) + 1) + message[-1:]


def header_of(event: str, way: Way, stamp: Stamp, said: Json | None = None) -> Json:
    """A MessageHeader; `said` is its `response`."""
    header: Json = {
        "resourceType": "MessageHeader",
        "id": stamp.header_id,
        "meta": meta("message-header"),
        "eventCoding": {"system": EVENTS, "code": event},
        "destination": [{"endpoint": way.destination, "receiver": way.receiver.reference()}],
        "sender": way.sender.reference(),
        "source": {"endpoint": way.source},
    }
    if said is not None:
        header["response"] = said
    return header


def bundle(header: Json, own: list[Json], stamp: Stamp, request: Request | None = None) -> bytes:
    """A message about the first of our own resources, with what they refer to in the request.

    Patient, Coverage and Organizations travel along unchanged; nothing that no one refers to (RE-00177).
    """
    header["focus"] = [{"reference": url_of(own[0])}]
    entries = [{"fullUrl": url_of(one), "resource": one} for one in own]
    if request is not None:
        carried = _carried(request, own)
        entries += [{"fullUrl": one["fullUrl"], "resource": one["resource"]} for one in carried]
    return _message(header, entries, stamp)


def _carried(request: Request, own: list[Json]) -> list[Json]:
    """The entries of the request that our resources lead to, each once."""
    found: list[Json] = []
    for resource in own:
        for entry in reachable(request, resource, url_of(resource)):
            if not any(entry is known for known in found):
                found.append(entry)
    return found


def _message(header: Json, others: list[Json], stamp: Stamp) -> bytes:
    first = {"fullUrl": url_of(header), "resource": header}
    made = {
        "resourceType": "Bundle",
        "id": stamp.bundle_id,
        "meta": meta("bundle"),
        "type": "message",
        "timestamp": local(stamp.at),
        "entry": [first, *others],
    }
    return _ENCODER.encode(made)


def _operation_outcome(fault: Fault, stamp: Stamp) -> Json:
    return {
        "resourceType": "OperationOutcome",
        "id": stamp.focal_id,
        "meta": meta("operationoutcome"),
        "issue": [
            {
                "severity": "error",
                "code": "business-rule",
                "details": concept(ADJUDICATION_ERROR, fault.code, fault.display),
            }
        ],
    }
