"""Which messages without a business answer does the gateway write? Acknowledgements, notices, outcomes."""

from collections.abc import Sequence
from typing import Any

from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, operation_outcome
from claimgw.messages.frame import Answering, Stamp, bundle, entry, header, profile
from claimgw.messages.identifiers import DEFINITIONS, HOME, Licence


def outcome(findings: Sequence[Finding]) -> bytes:
    """A bare OperationOutcome: the body of every answer with a status other than 200."""
    return encode(operation_outcome(findings))


def acknowledgement(request: Envelope, stamp: Stamp, findings: Sequence[Finding] = ()) -> bytes:
    """To an insurer (or provider): `ok`, or `fatal-error` with the findings, without a focus (0.3 item 6)."""
    assert request.sender is not None
    assert request.header_id is not None
    answering = Answering(request.header_id, "ok")
    entries: list[dict[str, Any]] = []
    if findings:
        about = operation_outcome(findings, stamp.id("OperationOutcome"))
        entries.append(entry("OperationOutcome", about))
        answering = Answering(request.header_id, "fatal-error", f"{HOME}/OperationOutcome/{about['id']}")
    return bundle(
        stamp,
        [
            header(
                stamp,
                "acknowledgement",
                receiver=request.sender,
                endpoint=request.source_endpoint or request.sender.system,
                answering=answering,
            ),
            *entries,
        ],
    )


def error_notice(
    insurer: Licence,
    stamp: Stamp,
    findings: Sequence[Finding],
    *,
    request_header: str,
    response_header: str | None,
) -> bytes:
    """To an insurer whose answer in session cannot be used (spec §6.11)."""
    about = operation_outcome(findings, stamp.id("OperationOutcome"))
    originals = {"extension-original-request": request_header, "extension-original-response": response_header}
    return bundle(
        stamp,
        [
            header(
                stamp,
                "error-notice",
                receiver=insurer,
                endpoint=f"{insurer.system}/{insurer.value}",
                focus=f"{HOME}/OperationOutcome/{about['id']}",
                meta=profile("MessageHeader-ErrorNotice"),
                extension=[
                    {"url": DEFINITIONS + name, "valueId": header_id}
                    for name, header_id in originals.items()
                    if header_id
                ],
            ),
            entry("OperationOutcome", about),
        ],
    )
