"""Which messages without a business answer does the gateway write? Acknowledgements, notices, outcomes."""

from collections.abc import Sequence
from typing import Any

from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, operation_outcome
from claimgw.messages.frame import Stamp, address, bundle, entry, header, profile, reply_header
from claimgw.messages.identifiers import DEFINITIONS, Licence, LicenceKind


def outcome(findings: Sequence[Finding]) -> bytes:
    """A bare OperationOutcome: the body of every answer with a status other than 200."""
    return encode(operation_outcome(findings))


def acknowledgement(request: Envelope, stamp: Stamp, findings: Sequence[Finding] = ()) -> bytes:
    """To an insurer or a provider: `ok`, or `fatal-error` with the findings.

    What a provider is told stands in the place of an insurer's answer, and is marked so (spec §4).
    """
    if findings:
        return refusing_outright(request, stamp, "acknowledgement", findings)
    return _answer(request, stamp, "acknowledgement", "ok", [])


def refusing_outright(request: Envelope, stamp: Stamp, event: str, findings: Sequence[Finding]) -> bytes:
    """An answer of that event without content: `fatal-error` and an OperationOutcome (spec §0.3 item 6)."""
    about = operation_outcome(findings, stamp.id("OperationOutcome"), profile=stamp.manner.outcome_profile)
    return _answer(request, stamp, event, "fatal-error", [entry("OperationOutcome", about)])


def _answer(request: Envelope, stamp: Stamp, event: str, code: str, outcome: list[dict[str, Any]]) -> bytes:
    assert request.sender is not None
    addresses = [about["fullUrl"] for about in outcome]
    head = reply_header(
        request,
        stamp,
        event,
        code,
        details=next(iter(addresses), None),
        focus=addresses if stamp.manner.focuses_outcome else (),
    )
    in_place_of_insurer = request.sender.kind is LicenceKind.PROVIDER
    return bundle(stamp, [head, *outcome], in_place_of_insurer=in_place_of_insurer)


def error_notice(
    insurer: Licence,
    stamp: Stamp,
    findings: Sequence[Finding],
    *,
    request_header: str,
    response_header: str | None,
) -> bytes:
    """To an insurer whose answer in session cannot be used (spec §6.11)."""
    about = operation_outcome(findings, stamp.id("OperationOutcome"), profile=stamp.manner.outcome_profile)
    originals = {"extension-original-request": request_header, "extension-original-response": response_header}
    return bundle(
        stamp,
        [
            header(
                stamp,
                "error-notice",
                receiver=insurer,
                endpoint=f"{insurer.system}/{insurer.value}",
                focus=[address("OperationOutcome", about["id"])],
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
