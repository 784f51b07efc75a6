"""What is an expression given beside the node it is evaluated on?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

# The reference as it is written, the resource it stands in; where it leads to, or None.
Resolve: TypeAlias = Callable[[str, Any], dict[str, Any] | None]
# A code, Coding or CodeableConcept, and the address of a value set; None if it cannot be told.
MemberOf: TypeAlias = Callable[[Any, str], bool | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """`resource` is `%resource`, the nearest around the node; `root` is `%rootResource`, around that.

    `now` is aware; `today()` is the day in the zone it is given in, so give it in that of the sender.
    """

    resource: Any
    root: Any
    now: datetime
    resolve: Resolve
    member_of: MemberOf
