"""An insurer in the process, or a server of its own: adjudicates, pends, and misbehaves on request."""
