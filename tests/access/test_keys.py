"""Is a key long, random, recognised, and nowhere kept?"""

import hashlib

import pytest

from claimgw.access.keys import key_digest, new_key


def test_a_key_has_a_prefix_and_forty_three_characters() -> None:
    assert new_key(lambda count: bytes(count)) == "cgw_" + "A" * 43


def test_two_keys_differ() -> None:
    assert new_key() != new_key()


def test_a_new_key_has_a_digest() -> None:
    key = new_key()
    assert key_digest(key) == hashlib.sha256(key.encode()).digest()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "cgw_",
        "cgw_" + "A" * 42,
        "cgw_" + "A" * 44,
        "xyz_" + "A" * 43,
        "cgw_" + "ß" * 43,
        "cgw_" + "A" * 43 + "\n",
    ],
)
def test_what_has_not_the_shape_of_a_key_has_no_digest(key: str) -> None:
    assert key_digest(key) is None
