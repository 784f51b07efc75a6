"""Which faults are raised? A caller's mistake and what no rule foresees; the rest are values."""


class ClaimgwError(Exception):
    """The root of what claimgw raises. The text says what is wrong, where, and what to do."""


class ConfigurationError(ClaimgwError):
    """A setting, a file or an argument cannot be used as given."""


class StoreUnavailable(ClaimgwError):
    """The database cannot be reached or refuses to commit; the sender repeats with the same ids."""


class NotLetIn(StoreUnavailable):
    """The database does not know the login or the name: while nobody mends that, waiting is of no use."""


class Gone(ClaimgwError):
    """What a message says is kept no longer: its time was over."""


class Conflict(ClaimgwError):
    """Somebody else changed the row after it was read; read again and decide anew."""
