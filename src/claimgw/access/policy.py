"""How is one insurer tried again, and when is a message for it given up? Where it differs from the others."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# Longer than any contract is patient; it keeps times within what databases and clocks hold.
LONGEST_SECONDS = 366 * 86_400


class Delivery(BaseModel):
    """Unset: as the gateway's own settings have it. Times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waits: tuple[Annotated[float, Field(gt=0, le=LONGEST_SECONDS)], ...] | None = Field(
        default=None, min_length=1, max_length=100, description="waits between attempts; the last one repeats"
    )
    spread: float | None = Field(
        default=None, ge=0, lt=1, description="the share of a wait that chance adds or takes away"
    )
    longest_retry_after: float | None = Field(
        default=None, ge=0, le=LONGEST_SECONDS, description="so far a Retry-After of the insurer is believed"
    )
    slow_seconds: float | None = Field(
        default=None,
        gt=0,
        le=LONGEST_SECONDS,
        description="the least wait after a fault that somebody has to mend: an address, a credential",
    )
    give_up_seconds: float | None = Field(
        default=None,
        gt=0,
        le=LONGEST_SECONDS,
        description="so long after it was accepted a message is tried, then it is given up",
    )
    most_tries: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="a message that failed so often, while others of the insurer get through, is given up",
    )
