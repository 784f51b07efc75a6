"""Is what an insurer answers about the claim it was asked about, and was there still something to answer?"""

from collections.abc import Iterator
from typing import Any

from claimgw.conformance.case import Case, codes_at, object_at, place
from claimgw.conformance.history.answered import Pair, answer_of, pair_of, patients, request_of
from claimgw.conformance.history.beyond import unknown
from claimgw.conformance.memory import Key, Standing
from claimgw.conformance.rules.batch import mark
from claimgw.conformance.rules.facts.visit import first_code
from claimgw.messages.findings import Finding

# What a claim says of its batch, by extension, and the type of its value.
_BATCH = (("identifier", "valueIdentifier"), ("number", "valuePositiveInt"), ("period", "valuePeriod"))


def request(case: Case) -> Iterator[Finding]:
    """BV-00003, BV-00098: the request that is named is on record, and is the one that was sent."""
    answer = answer_of(case)
    if answer is None or answer.type != "ClaimResponse" or case.memory is None:
        return
    asked, named = request_of(case), case.envelope.request_identifier
    if named is None or (asked and asked.key and Key.of("Claim", named) != asked.key):
        yield Finding(
            "BV-00098",
            f"{place(answer)}.request",
            "The answer does not give the identifier of the request it answers",
            "Repeat system and value of the claim's identifier",
        )
    elif asked is None:
        yield unknown(
            case,
            "BV-00003",
            f"{place(answer)}.request",
            "The answer is to a claim that this provider has not sent to this insurer",
            "Give the identifier of the claim as it was received, and address its sender",
        )


def standing(case: Case) -> Iterator[Finding]:
    """BV-00146, BV-00525: the request was accepted, and was neither cancelled nor nullified since."""
    answer, asked = answer_of(case), request_of(case)
    if answer is None or asked is None or answer.type != "ClaimResponse":
        return
    match asked.standing:
        case Standing.REFUSED:
            yield Finding(
                "BV-00146",
                f"{place(answer)}.request",
                "The request was refused, or answered with an error, and has no standing",
                "Send no answer to it",
            )
        case Standing.CANCELLED | Standing.NULLIFIED:
            yield Finding(
                "BV-00525",
                f"{place(answer)}.request",
                "The claim was cancelled, and is not answered any more",
                "Send no answer to it",
            )
        case Standing.OPEN | Standing.ANSWERED:
            pass


def insurer(case: Case) -> Iterator[Finding]:
    """BV-00038, BV-00117: the answer names the insurer that the claim or the authorization was made to."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None:
        return
    given = case.envelope.party(pair.answer.resource.get("insurer"), pair.answer)
    asked = pair.question.party(pair.asked.resource.get("insurer"), pair.asked)
    if given is not None and asked is not None and given != asked:
        yield Finding(
            "BV-00117" if case.event == "priorauth-response" else "BV-00038",
            f"{pair.place}.insurer",
            "The insurer of the answer is not that of the request",
            "Name the insurer that the request names",
        )


def patient(case: Case) -> Iterator[Finding]:
    """BV-00074: the patient has an identifier in common with that of the claim."""
    pair = pair_of(case, "ClaimResponse")
    if pair is not None and another_patient(case, pair):
        yield Finding(
            "BV-00074",
            f"{pair.place}.patient",
            "The answer is about another patient than the claim",
            "Repeat the patient of the claim, with an identifier of the request",
        )


def another_patient(case: Case, pair: Pair) -> bool:
    """Whether both patients have identifiers, and none in common."""
    given, asked = patients(case.envelope, pair.answer), patients(pair.question, pair.asked)
    return bool(given and asked) and not given & asked


def kind(case: Case) -> Iterator[Finding]:
    """BV-00072, BV-00073, BV-00081: the answer repeats type, use and sub-type of the request."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None:
        return
    for element, code in (("type", "BV-00072"), ("use", "BV-00073"), ("subType", "BV-00081")):
        given, asked = (_word(one.resource, element) for one in (pair.answer, pair.asked))
        if given is not None and asked is not None and given != asked:
            yield Finding(
                code,
                f"{pair.place}.{element}",
                f"The {element} of the answer is not that of the request",
                "Repeat that of the request",
            )


def _word(resource: Any, element: str) -> Any:
    """A code, or the codes of a concept; None if there is none."""
    value = resource.get(element)
    if isinstance(value, str):
        return value
    return {code for _, code in codes_at(resource, element) if code} or None


def payee(case: Case) -> Iterator[Finding]:
    """BV-00493: another payee than the provider is one that the claim has named."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None:
        return
    given = first_code(pair.answer.resource, "payeeType")
    if given not in (None, "provider") and given != first_code(
        object_at(pair.asked.resource, "payee"), "type"
    ):
        yield Finding(
            "BV-00493",
            f"{pair.place}.payeeType",
            "The answer pays a party that the claim has not named as payee",
            "Pay whom the claim names, or the provider",
        )


def batch(case: Case) -> Iterator[Finding]:
    """What a claim says of its batch is repeated: by it a provider finds the answers of one batch."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None:
        return
    for name, key in _BATCH:
        asked, given = mark(pair.asked, name, key), mark(pair.answer, name, key)
        if asked is None or (given is not None and given[1] == asked[1]):
            continue
        yield Finding(
            "BV-00452",
            f"{pair.place}.extension" if given is None else f"{pair.place}.extension[{given[0]}].value",
            "The answer does not repeat what the claim says of its batch",
            f"Repeat the extension batch-{name} of the claim",
        )
