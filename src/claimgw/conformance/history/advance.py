"""Does an insurer give each authorization a number of its own, and carry on only what stands (spec §6.10)?"""

from collections.abc import Iterator, Sequence

from claimgw.conformance.case import Case, extensions_at, items_at, objects_at, place, text_at
from claimgw.conformance.history.beyond import unknown
from claimgw.conformance.history.mentions import patient_of
from claimgw.conformance.memory import Request, Statement
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LicenceKind

_REISSUE = "adjudication-reissue"
_WITHDRAWN = {LicenceKind.PROVIDER: ("BV-00681", "provider"), LicenceKind.PAYER: ("BV-00682", "insurer")}


def ended(case: Case) -> Iterator[Finding]:
    """BV-00681, BV-00682: an advanced authorization that was cancelled is not carried on."""
    authorization = _advanced(case)
    if authorization is None:
        return
    withdrawn = {one.withdrawn_by for one in _earlier(case, authorization)}
    for kind, (code, who) in _WITHDRAWN.items():
        if kind in withdrawn:
            yield Finding(
                code,
                _reissue(authorization) or f"{place(authorization)}.preAuthRef",
                f"The {who} has cancelled this advanced authorization",
                "Send a new one, under a number of its own",
            )


def reissued(case: Case) -> Iterator[Finding]:
    """BV-00687: what is reissued was issued under this number, between these parties, for this patient."""
    authorization = _advanced(case)
    path = _reissue(authorization) if authorization else None
    if authorization is None or path is None:
        return
    earlier = _earlier(case, authorization)
    if not earlier:
        yield unknown(
            case,
            "BV-00687",
            path,
            "There is no authorization of this number on record, for this provider",
            "Leave the reissue reason out of what is new; keep the number of what is not",
        )
    elif not _of_this_patient(case, earlier):
        yield Finding(
            "BV-00687",
            path,
            "The authorization of this number is for another patient",
            "Reissue an authorization under its own number",
        )


def issued(case: Case) -> Iterator[Finding]:
    """BV-00566: an advanced authorization that uses a number again for a patient says why it is reissued."""
    authorization = _advanced(case)
    if authorization is None or _reissue(authorization) is not None:
        return
    earlier = _earlier(case, authorization)
    if earlier and _of_this_patient(case, earlier):
        yield Finding(
            "BV-00566",
            f"{place(authorization)}.extension",
            "An authorization of this number was given before, and no reason is given for this one",
            "Add the extension adjudication-reissue, or give a new authorization a number of its own",
        )


def numbered(case: Case) -> Iterator[Finding]:
    """BV-00688: a new authorization has a number that the insurer has not used for this provider."""
    focal = case.envelope.focal
    if focal is None or focal.type != "ClaimResponse" or _reissue(focal) is not None:
        return
    match case.event:
        case "advanced-authorization":
            earlier = _earlier(case, focal)
            used = bool(earlier) and not _of_this_patient(case, earlier)
        case "priorauth-response":
            used = _used_for_another_request(case, focal)
        case _:
            used = False
    if used:
        yield Finding(
            "BV-00688",
            f"{place(focal)}.preAuthRef",
            "The number belongs to another authorization of this provider",
            "Give every authorization a number of its own",
        )


def _used_for_another_request(case: Case, answer: Entry) -> bool:
    """Not by a request that carries an authorization on: it names the number, or an earlier request."""
    asked = case.memory.answered if case.memory else None
    if asked is None or asked.key is None or _carries_on(asked):
        return False
    return any(
        one.request is not None and (one.request.system, one.request.value) != asked.key[1:]
        for one in _earlier(case, answer)
    )


def _carries_on(asked: Request) -> bool:
    claim = asked.message.focal if asked.message else None
    return claim is None or any(
        [
            *objects_at(claim.resource, "related"),
            *(items_at(one, "preAuthRef") for _, one in objects_at(claim.resource, "insurance")),
        ]
    )


def _advanced(case: Case) -> Entry | None:
    advanced = case.event == "advanced-authorization" and case.memory is not None
    return case.envelope.focal if advanced else None


def _earlier(case: Case, authorization: Entry) -> Sequence[Statement]:
    """What was said under this number by its sender to its receiver; this message may be on record itself."""
    number, memory = text_at(authorization.resource, "preAuthRef"), case.memory
    if number is None or memory is None:
        return ()
    parties = (str(case.envelope.sender), str(case.envelope.receiver))
    return [
        one
        for one in memory.authorizations.get(number, ())
        if (one.insurer, one.provider) == parties and one.header_id != case.envelope.header_id
    ]


def _of_this_patient(case: Case, earlier: Sequence[Statement]) -> bool:
    """Whether any may be; of what is known by its number alone nobody can tell."""
    patient = patient_of(case.envelope)
    given = [patient_of(one.message) if one.message else None for one in earlier]
    return patient is None or any(one in (None, patient) for one in given)


def _reissue(answer: Entry) -> str | None:
    """The place of the reissue reason."""
    for index, _ in extensions_at(answer.resource, _REISSUE):
        return f"{place(answer)}.extension[{index}].value"
    return None
