"""What is remembered? The only room that speaks SQL."""

from claimgw.store.database import Database, Unit

__all__ = ["Database", "Unit"]
