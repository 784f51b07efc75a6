"""With which settings does a command run? The environment's, save for those typed in."""

from typing import Any

from pydantic import ValidationError

from claimgw.conformance.loading import load
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.settings import Settings


def read_settings(**typed: Any) -> Settings:
    """`typed` are fields of Settings; None means that nothing was typed. Raises ConfigurationError."""
    try:
        return Settings(**{name: value for name, value in typed.items() if value is not None})
    except ValidationError as fault:
        raise ConfigurationError("; ".join(_explain(fault))) from fault


def read_schemas() -> Schemas:
    """The definitions and code lists that the settings name. Raises ConfigurationError."""
    settings = read_settings()
    return load(settings.packages, settings.codes, settings.versions)


def _explain(fault: ValidationError) -> list[str]:
    texts = []
    for error in fault.errors(include_url=False, include_context=False, include_input=False):
        text = error["msg"].removeprefix("Value error, ")
        name = "_".join(str(step) for step in error["loc"][:1])
        texts.append(f"CLAIMGW_{name.upper()}: {text}" if name else text)
    return texts
