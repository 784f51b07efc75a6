"""Which rules of the list are left out on purpose, and why?"""

from collections.abc import Mapping

NOT_APPLICABLE: Mapping[str, str] = {
    "BV-00429": "contradicts the guide and the real server, which take a chief complaint as SNOMED CT or text",
}
