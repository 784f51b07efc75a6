"""What about a claim is worth knowing, in the light of earlier ones, though no rule forbids it?

These findings are ours: they stand under the code for what has none, and never refuse a message.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from claimgw.conformance.case import Case, extensions_at, objects_at, place
from claimgw.conformance.history.duplicates import duplicates, resubmitted
from claimgw.conformance.history.mentions import encounter_of, extended, patient_of, services_of
from claimgw.conformance.memory import Memory, Request, Standing
from claimgw.conformance.tally import uncoded
from claimgw.messages.envelope import Entry, Envelope, inner
from claimgw.messages.findings import Finding, Severity
from claimgw.messages.identifiers import Identifier

# How long a check of eligibility is recent. Policies change by the month; a guide names no limit.
RECENT = timedelta(days=30)
_LIVE = (Standing.OPEN, Standing.ANSWERED)
_ELIGIBILITY = ("eligibility-response", "eligibility-offline-reference", "eligibility-offline-date")


def repeated_services(case: Case) -> Iterator[Finding]:
    """The same patient invoice and service stand in another live claim of the provider."""
    claim, memory = _claim(case)
    if claim is None or memory is None:
        return
    for index in sorted({one.item for one in duplicates(case.envelope, memory)}):
        yield _information(
            f"{place(claim)}.item[{index}].productOrService",
            "Another claim of yours that is in force has this service under the same patient invoice",
            "If it is the same service, cancel one of the claims; if it is resubmitted, relate them as prior",
        )


def omitted_services(case: Case) -> Iterator[Finding]:
    """A claim that resubmits another holds all its services (spec §6.3)."""
    claim, memory = _claim(case)
    if claim is None or memory is None:
        return
    named = {service for _, item in objects_at(claim.resource, "item") for service in services_of(item)}
    for index, key in resubmitted(case.envelope):
        request = memory.requests.get(key)
        original = request.message.focal if request and request.message else None
        if original is None or original.resource.get("use") != claim.resource.get("use"):
            continue
        charged = [services_of(item) for _, item in objects_at(original.resource, "item")]
        missing = sum(bool(services) and named.isdisjoint(services) for services in charged)
        if missing:
            yield _information(
                f"{place(claim)}.related[{index}].claim",
                f"{missing} of the services of the earlier claim are not among those of this one",
                "A resubmission is judged as a whole: repeat all services, also those that were approved",
            )


def two_episodes(case: Case) -> Iterator[Finding]:
    """One encounter belongs to one episode of care."""
    claim, memory = _claim(case)
    encounter, episode = encounter_of(case.envelope), _extended(case.envelope, "episode")
    if claim is None or memory is None or encounter is None or episode is None:
        return
    others = memory.related.get(("encounter", encounter.system, encounter.value), ())
    under = {
        (system, value)
        for one in _live(case, others)
        for kind, system, value in one.relations
        if kind == "episode"
    }
    if under - {(episode.system, episode.value)}:
        index = next(index for index, _ in extensions_at(claim.resource, "episode"))
        yield _information(
            f"{place(claim)}.extension[{index}].value",
            "Another claim of yours has this encounter under another episode",
            "Give all claims of one episode of care the same episode identifier",
        )


def unquoted_eligibility(case: Case) -> Iterator[Finding]:
    """A claim quotes the check of eligibility that was answered for this patient in the last 30 days."""
    claim, memory = _claim(case)
    patient = patient_of(case.envelope)
    if claim is None or memory is None or patient is None:
        return
    if any(True for name in _ELIGIBILITY for _ in extensions_at(claim.resource, name)):
        return
    for one in memory.related.get(patient, ()):
        answered = any(answer.outcome == "complete" for answer in one.answers)
        same = one.event == "eligibility-request" and one.insurer == str(case.envelope.receiver)
        if answered and same and timedelta() <= case.now - one.received_at <= RECENT:
            yield _information(
                f"{place(claim)}.extension",
                "The insurer answered an eligibility request for this patient lately, which is not quoted",
                "Name the answer in the extension eligibility-response",
            )
            return


def batch_again(case: Case) -> Iterator[Finding]:
    """A batch has an identifier that no earlier one had (spec §6.4).

    A warning: whoever sends the refused claims of a batch again, corrected, may keep its identifier.
    """
    memory = case.memory
    if memory is None or case.event != "batch-request":
        return
    told: set[Identifier] = set()
    for entry in case.envelope.entries[1:]:
        message = inner(entry.resource)
        focal = message.focal if isinstance(message, Envelope) else None
        batch = extended(focal.resource, "batch-identifier") if focal else None
        if focal is None or batch is None:
            continue
        earlier = memory.related.get(("batch", batch.system, batch.value), ())
        # Those of this batch came at the same time.
        if batch not in told and any(
            one.received_at < case.now and one.standing is not Standing.REFUSED for one in earlier
        ):
            told.add(batch)
            yield uncoded(
                f"{place(entry)}{focal.path.removeprefix('Bundle')}.extension",
                "The batch identifier was used for an earlier batch",
                "Give every batch an identifier of its own",
                Severity.WARNING,
            )


def _information(path: str, text: str, hint: str) -> Finding:
    return uncoded(path, text, hint, Severity.INFORMATION)


def _claim(case: Case) -> tuple[Entry | None, Memory | None]:
    focal = case.envelope.focal
    return (focal if focal is not None and focal.type == "Claim" else None), case.memory


def _live(case: Case, requests: Sequence[Request]) -> Iterator[Request]:
    """Other requests that are in force."""
    return (one for one in requests if one.standing in _LIVE and one.header_id != case.envelope.header_id)


def _extended(envelope: Envelope | None, name: str) -> Identifier | None:
    focal = envelope.focal if envelope else None
    return extended(focal.resource, name) if focal else None
