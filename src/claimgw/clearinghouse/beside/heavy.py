"""Would this message keep all others waiting? Told from its bytes, for to read it is a part of the work."""

# A sound message takes about 10 µs for each object, a bad one up to 15; all are to be done within 20 ms.
_MOST_BYTES = 64 * 1024
_MOST_OBJECTS = 1_300

# From here on they are worked on one by one, and the smaller ones need not wait for them.
BIG = 1024 * 1024


def is_heavy(raw: bytes) -> bool:
    """Whether to read and judge it can take longer than 20 ms. Looks for 10 µs at the most."""
    return len(raw) > _MOST_BYTES or raw.count(b"{") > _MOST_OBJECTS
