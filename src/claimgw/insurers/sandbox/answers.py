"""How is an answer put into a message: in session, later, as an acknowledgement, or wrong on purpose?

Every function is given the ids and the time (`Stamp`) and gives the bytes of one message.
"""

from dataclasses import dataclass

import msgspec

from claimgw.insurers.sandbox.claim_response import Stamp, local
from claimgw.insurers.sandbox.reading import ADJUDICATED, Request, reachable
from claimgw.insurers.sandbox.terms import ADJUDICATION_ERROR, BASE, EVENTS, Json, concept, meta

# Decimals are written as the numbers they are, with their trailing zeros: 100.00.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


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


def in_session(request: Request, response: Json, stamp: Stamp, *, answers_id: str | None = None) -> bytes:
    """The business answer to a request, in its own HTTP session.

    `answers_id` names another request's header than the one that was asked, which is wrong on purpose.
    """
    said = {"identifier": answers_id or request.header_id, "code": "ok"}
    return _business(request, response, stamp, said)


def deferred(request: Request, response: Json, stamp: Stamp) -> bytes:
    """The same answer sent later by the insurer itself: no `response` in its header (BV-00248)."""
    return _business(request, response, stamp, None)


def broken(request: Request, response: Json, error: Json, stamp: Stamp) -> bytes:
    """An invalid message with a sound header: no outcome, and items beside errors (BV-00228)."""
    wrong = {name: value for name, value in response.items() if name != "outcome"}
    return in_session(request, {**wrong, "error": error["error"]}, stamp)


def acknowledgement(request: Request, stamp: Stamp, fault: Fault | None = None) -> bytes:
    """Message received; with a fault, `fatal-error` and an OperationOutcome that is no focus (0.3 item 6)."""
    said: Json = {"identifier": request.header_id, "code": "ok" if fault is None else "fatal-error"}
    entries: list[Json] = []
    if fault is not None:
        outcome = _operation_outcome(fault, stamp)
        url = f"{BASE}/OperationOutcome/{outcome['id']}"
        said["details"] = {"reference": url}
        entries.append({"fullUrl": url, "resource": outcome})
    header = _header(request, "acknowledgement", stamp, said)
    return _message(header, entries, stamp)


def bare_outcome(fault: Fault, stamp: Stamp) -> bytes:
    """An OperationOutcome alone, the body of every HTTP status but 200."""
    return _ENCODER.encode(_operation_outcome(fault, stamp))


def padded(message: bytes, size: int) -> bytes:
    """The same JSON, blown up with blanks to more than `size` bytes."""
    return message[:-1] + b" " * (size - len(message) + 1) + message[-1:]


def _business(request: Request, response: Json, stamp: Stamp, said: Json | None) -> bytes:
    url = f"{BASE}/ClaimResponse/{response['id']}"
    header = _header(request, ADJUDICATED[request.event], stamp, said)
    header["focus"] = [{"reference": url}]
    # Patient, Coverage and Organizations travel along unchanged; nothing that no one refers to (RE-00177).
    others = [
        {"fullUrl": one["fullUrl"], "resource": one["resource"]} for one in reachable(request, response, url)
    ]
    return _message(header, [{"fullUrl": url, "resource": response}, *others], stamp)


def _header(request: Request, event: str, stamp: Stamp, said: Json | None) -> Json:
    """Parties and endpoints mirrored (BV-00447, BV-00448)."""
    header: Json = {
        "resourceType": "MessageHeader",
        "id": stamp.header_id,
        "meta": meta("message-header"),
        "eventCoding": {"system": EVENTS, "code": event},
        "destination": [{"endpoint": request.source_endpoint, "receiver": request.sender.reference()}],
        "sender": request.receiver.reference(),
        "source": {"endpoint": request.destination_endpoint},
    }
    if said is not None:
        header["response"] = said
    return header


def _message(header: Json, others: list[Json], stamp: Stamp) -> bytes:
    first = {"fullUrl": f"{BASE}/MessageHeader/{stamp.header_id}", "resource": header}
    bundle = {
        "resourceType": "Bundle",
        "id": stamp.bundle_id,
        "meta": meta("bundle"),
        "type": "message",
        "timestamp": local(stamp.at),
        "entry": [first, *others],
    }
    return _ENCODER.encode(bundle)


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
