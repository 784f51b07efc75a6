"""What kind of place is a Location: a clinic by its specialty, or a site by its role?

Of one that is neither, or has no type, that is another fault (IB-00168, IC-01616), and nothing is said here.
"""

from claimgw.conformance.case import objects_at
from claimgw.messages.envelope import Entry
from claimgw.messages.identifiers import CODES

_SPECIALTY = CODES + "clinic-specialty"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def lacks_specialty(location: Entry) -> bool:
    """Whether it is typed by its role only."""
    return _kinds(location) == {_ROLE}


def lacks_role(location: Entry) -> bool:
    """Whether it is typed by a clinic's specialty only."""
    return _kinds(location) == {_SPECIALTY}


def _kinds(location: Entry) -> set[str]:
    return {
        system
        for _, concept in objects_at(location.resource, "type")
        for _, coding in objects_at(concept, "coding")
        if (system := coding.get("system")) in (_SPECIALTY, _ROLE)
    }
