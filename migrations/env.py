"""How does Alembic reach the database? Over the connection it is handed, inside its transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from claimgw.store.tables import metadata
from claimgw.store.tables.columns import Instant


def render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our own column type as what the database knows: old migrations must not depend on new code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
