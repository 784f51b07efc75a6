"""What kind of place is a Location: a clinic by its specialty, or a site by its role?"""

from claimgw.conformance.case import objects_at, text_at
from claimgw.messages.envelope import Entry
from claimgw.messages.identifiers import CODES

_SPECIALTIES = CODES + "clinic-specialty"
_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def is_clinic(location: Entry) -> bool:
    """Typed by a clinic's specialty, whatever else; also where it has no type, which is another fault."""
    return _typed(location, _SPECIALTIES)


def is_role_typed(location: Entry) -> bool:
    """Typed by a v3 role code; also where it has no type."""
    return _typed(location, _ROLES)


def _typed(location: Entry, system: str) -> bool:
    systems = {
        text_at(coding, "system")
        for _, concept in objects_at(location.resource, "type")
        for _, coding in objects_at(concept, "coding")
    }
    return not systems or system in systems
