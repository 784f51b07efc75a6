"""Which rules are judged when there is a memory?"""

from claimgw.conformance.case import Rule
from claimgw.conformance.history import advance, noticed, paid, quoted, registered, targets

# Told with the structure of the message.
RELATED: tuple[Rule, ...] = (quoted.related,)
# Told with the business rules.
REMEMBERED: tuple[Rule, ...] = (
    registered.organizations,
    registered.submitters,
    registered.correspondents,
    targets.task,
    targets.communication,
    targets.answered_question,
    targets.question,
    quoted.eligibility,
    quoted.authorization,
    quoted.cancelled_authorization,
    paid.on_record,
    paid.in_force,
    paid.belonging,
    paid.dated,
    paid.directed,
    paid.notice,
    advance.ended,
    advance.reissued,
    advance.issued,
    advance.numbered,
    noticed.repeated_services,
    noticed.omitted_services,
    noticed.two_episodes,
    noticed.unquoted_eligibility,
    noticed.batch_again,
)
