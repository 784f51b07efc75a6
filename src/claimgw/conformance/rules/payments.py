"""Is a payment told by and to the parties that it is for (spec §6.8, §6.9)?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, objects_at, place
from claimgw.messages.findings import Finding


def notice(case: Case) -> Iterator[Finding]:
    """BV-00359, BV-00377: who was paid, and whose notice it is, is the sender."""
    focal, sender = case.envelope.focal, case.envelope.sender
    if focal is None or focal.type != "PaymentNotice" or sender is None:
        return
    for element, code in (("payee", "BV-00359"), ("provider", "BV-00377")):
        given = case.envelope.party(focal.resource.get(element), focal)
        if given is not None and given != sender:
            yield Finding(
                code,
                f"{place(focal)}.{element}",
                f"The {element} of the notice is not its sender",
                "Let both be one",
            )


def reconciliation(case: Case) -> Iterator[Finding]:
    """BV-00352, BV-00491: each part of the payment is for the receiver, and for who is named as asking."""
    focal, receiver = case.envelope.focal, case.envelope.receiver
    if focal is None or focal.type != "PaymentReconciliation":
        return
    requestor = case.envelope.party(focal.resource.get("requestor"), focal)
    payees = [
        (index, case.envelope.party(detail.get("payee"), focal))
        for index, detail in objects_at(focal.resource, "detail")
    ]
    for index, payee in payees:
        if payee is not None and receiver is not None and payee != receiver:
            yield Finding(
                "BV-00352",
                f"{place(focal)}.detail[{index}].payee",
                "This part of the payment is for another than the receiver",
                "Tell each provider of its own payments only",
            )
    if requestor is not None and any(payee not in (None, requestor) for _, payee in payees):
        yield Finding(
            "BV-00491",
            f"{place(focal)}.requestor",
            "The requestor is not the provider that is paid",
            "Name the payee of the details as requestor",
        )
