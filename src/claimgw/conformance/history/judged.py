"""Which rules are judged when there is a memory?"""

from claimgw.conformance.case import Rule

# Told with the structure of the message.
RELATED: tuple[Rule, ...] = ()
# Told with the business rules.
REMEMBERED: tuple[Rule, ...] = ()
