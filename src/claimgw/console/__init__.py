"""The door for operators: pages on what waits and why."""

from claimgw.console.routes import create_console

__all__ = ["create_console"]
