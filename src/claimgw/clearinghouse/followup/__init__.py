"""Messages about an earlier one."""
