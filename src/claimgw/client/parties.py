"""Who are the two ends of a message, and how do they stand in it?"""

from dataclasses import dataclass
from typing import Any

from claimgw.client.faults import ClientFault
from claimgw.messages.frame import profile
from claimgw.messages.identifiers import CODES, DEFINITIONS, GATEWAY, HOME, Licence


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. `kind` is a code of CodeSystem provider-type, mandatory on the wire (spec §0.3 item 2)."""

    licence: Licence
    kind: str = "1"
    name: str = ""

    @classmethod
    def of(cls, given: "Provider | Licence | str") -> "Provider":
        """From itself, a licence, or its key such as "provider:PR-1001". Raises ClientFault."""
        return given if isinstance(given, Provider) else cls(licence(given))

    @property
    def endpoint(self) -> str:
        """Where the provider says it lives; by convention (spec §2.3), for nobody calls it."""
        return endpoint(self.licence)

    def organization(self, id_: str) -> dict[str, Any]:
        """The Organization of its messages."""
        kind = {"coding": [{"system": CODES + "provider-type", "code": self.kind}]}
        resource = _organization(id_, "provider-organization", self.licence, self.name, "prov")
        resource["extension"] = [
            {"url": DEFINITIONS + "extension-provider-type", "valueCodeableConcept": kind}
        ]
        return resource


@dataclass(frozen=True, slots=True)
class Insurer:
    """An insurer or TPA, as a message is addressed to it or comes from it."""

    licence: Licence
    name: str = ""

    def organization(self, id_: str) -> dict[str, Any]:
        """The Organization of its messages."""
        return _organization(id_, "insurer-organization", self.licence, self.name, "ins")


def gateway_organization(id_: str) -> dict[str, Any]:
    """The gateway's own, which stands in polls."""
    return {
        "resourceType": "Organization",
        "id": id_,
        "meta": profile("organization"),
        "identifier": [GATEWAY.on_the_wire()],
        "active": True,
        "name": "Claims gateway",
    }


def endpoint(party: Licence) -> str:
    """The logical address of a party in a header; nothing is sent there (spec §2.3)."""
    return HOME if party == GATEWAY else f"{party.system}/{party.value}"


def licence(given: Licence | str) -> Licence:
    """Raises ClientFault if a text is no licence."""
    if isinstance(given, Licence):
        return given
    try:
        return Licence.parse(given)
    except ValueError as fault:
        raise ClientFault(str(fault)) from fault


def _organization(id_: str, profiled: str, party: Licence, name: str, kind: str) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "id": id_,
        "meta": profile(profiled),
        "identifier": [party.on_the_wire()],
        "active": True,
        "type": [{"coding": [{"system": CODES + "organization-type", "code": kind}]}],
        "name": name or party.value,
    }
