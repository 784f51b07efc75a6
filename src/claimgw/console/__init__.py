"""The door for operators: pages on what waits and why."""
