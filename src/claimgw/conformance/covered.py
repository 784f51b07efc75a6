"""Which codes of the rule list are never given, because another one is given for the same fault?"""

from collections.abc import Mapping

# Code -> the code that is given, and why it is that one.
COVERED: Mapping[str, tuple[str, str]] = {
    "BV-00078": ("RE-00170", "the real server says so of a target without an accepted profile"),
    "BV-00079": ("RE-00169", "the real server says so of a reference that leads nowhere"),
    "BV-00080": ("RE-00180", "a resource of unknown type ends the parsing, before any business rule"),
    "BV-00122": ("BV-00066", "the same rule for all claims: an item has a date or a period"),
    "BV-00123": ("BV-00066", "the second number of BV-00122"),
    "BV-00845": (
        "BV-00741",
        "class AMB is refused of institutional requests; the real server takes it for pharmacy and vision too",
    ),
}
