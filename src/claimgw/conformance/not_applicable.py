"""Which rules of the list are left out on purpose, and why?"""

from collections.abc import Mapping

NOT_APPLICABLE: Mapping[str, str] = {
    "BV-00429": "contradicts the guide and the real server: a chief complaint is SNOMED CT or text",
    "BV-00594": "BV-00429 for advanced authorizations: contradicts the guide in the same way",
}
