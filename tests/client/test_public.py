"""What of the SDK is promised? Names and signatures, as `public.txt` lists them."""

import inspect
from collections.abc import Iterator
from enum import EnumMeta
from pathlib import Path
from typing import Any

import claimgw.client
from claimgw.client import BlockingProviderClient, ProviderClient

LISTED = Path(__file__).with_name("public.txt")


def promised() -> Iterator[str]:
    """One line for each name, and for each public method of each class."""
    for name in claimgw.client.__all__:
        one = getattr(claimgw.client, name)
        if isinstance(one, EnumMeta):
            yield f"{name}: {', '.join(map(str, one))}"
        elif inspect.isclass(one) and issubclass(one, Exception):
            yield f"{name}({one.__bases__[0].__name__})"
        elif inspect.isclass(one):
            yield name + _signature(one)
            yield from (f"{name}.{line}" for line in _members(one))
        elif callable(one):
            yield name + _signature(one)
        else:
            yield name


def _members(one: type) -> Iterator[str]:
    for name, member in sorted(vars(one).items()):
        if name.startswith("_"):
            continue
        if isinstance(member, classmethod | staticmethod):
            yield name + _signature(member.__func__)
        elif inspect.isfunction(member):
            yield name + _signature(member)
        elif isinstance(member, property) or hasattr(member, "func"):
            yield name


def _signature(one: Any) -> str:
    return str(inspect.signature(one)).replace("claimgw.client.", "").replace("claimgw.messages.", "")


def test_what_is_promised_is_kept() -> None:
    """After a change that is meant: python -m tests.client.test_public > tests/client/public.txt."""
    assert list(promised()) == LISTED.read_text().splitlines()


def test_every_public_name_tells_what_it_is() -> None:
    silent = []
    for name in claimgw.client.__all__:
        one = getattr(claimgw.client, name)
        described = [(name, one)] if callable(one) else []
        if inspect.isclass(one) and not isinstance(one, EnumMeta):
            described += [
                (f"{name}.{key}", member)
                for key, member in vars(one).items()
                if not key.startswith("_") and inspect.isfunction(member)
            ]
        silent += [key for key, member in described if not inspect.getdoc(member)]
    assert silent == []


def test_the_blocking_client_has_the_same_methods() -> None:
    def methods(one: type) -> set[str]:
        return {name for name, member in inspect.getmembers(one, inspect.isfunction) if name[0] != "_"}

    assert methods(BlockingProviderClient) == methods(ProviderClient)
    assert _signature(BlockingProviderClient) == _signature(ProviderClient)
    for name in methods(ProviderClient):
        assert _signature(getattr(BlockingProviderClient, name)) == _signature(getattr(ProviderClient, name))


if __name__ == "__main__":
    print("\n".join(promised()))
