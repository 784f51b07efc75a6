"""Which rules does the gateway itself keep, by what it does with a message, before or behind its checks?"""

from collections.abc import Mapping

# Code -> what is done. The code goes out from the clearinghouse, in an answer or a finding.
BY_GATEWAY: Mapping[str, str] = {
    "BV-00457": "the identifiers of claims are kept, and looked up when a message is admitted",
    "BV-00532": "header ids are kept, and looked up when a message is admitted",
    "BV-00533": "Bundle ids are kept, and looked up when a message is admitted",
    "BV-00540": "a Bundle that comes again is compared with the first when it is admitted",
    "BV-00542": "a copy of what is on its way is answered at once, and never passed on",
    "BV-00545": "who may send an event is looked up in the table of events when a message is admitted",
    "GE-00010": "a sender is known by its account here, or its message is not opened",
    "GE-00029": "whether an insurer or TPA is blocked is looked up when a message is admitted",
    "GE-00030": "whether a provider is blocked is looked up when a message is admitted",
}
