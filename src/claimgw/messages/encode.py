"""How are our own messages written out? Decimals as the numbers they were."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """JSON of a tree. `Raw` inside it is copied as it is: a message travels inside another unchanged."""
    return _encoder.encode(value)


Raw = msgspec.Raw

_canonical = msgspec.json.Encoder(decimal_format="number", order="sorted")


def canonical(value: Any) -> bytes:
    """JSON of a tree with its keys sorted, so that the same content gives the same bytes."""
    return _canonical.encode(value)
