"""Which tables are there, column by column?"""

from claimgw.store.tables.columns import metadata
from claimgw.store.tables.delivery import alert, allowance, breaker, node, schema_floor
from claimgw.store.tables.exchanges import attempt, exchange
from claimgw.store.tables.history import history_start, imported, relation, statement, topic
from claimgw.store.tables.mailbox import mailbox, mailbox_notice, poll_item
from claimgw.store.tables.messages import arrival, body, message, refused_answer
from claimgw.store.tables.redrives import redrive, redriven
from claimgw.store.tables.registry import (
    credential,
    credential_licence,
    operator,
    operator_session,
    participant,
    participant_change,
    pause,
    registry_revision,
    serves,
)
from claimgw.store.tables.rules import rule_change
from claimgw.store.tables.upkeep import body_gone, chore, lingering, retention

__all__ = [
    "alert",
    "allowance",
    "arrival",
    "attempt",
    "body",
    "body_gone",
    "breaker",
    "chore",
    "credential",
    "credential_licence",
    "exchange",
    "history_start",
    "imported",
    "lingering",
    "mailbox",
    "mailbox_notice",
    "message",
    "metadata",
    "node",
    "operator",
    "operator_session",
    "participant",
    "participant_change",
    "pause",
    "poll_item",
    "redrive",
    "redriven",
    "refused_answer",
    "registry_revision",
    "relation",
    "retention",
    "rule_change",
    "schema_floor",
    "serves",
    "statement",
    "topic",
]
