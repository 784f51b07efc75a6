"""Would a message be refused if a rule, or every warning, were an error?"""

from dataclasses import dataclass, replace
from datetime import datetime

from claimgw.conformance.check import check
from claimgw.conformance.severity import Direction, Level, Line, Severities, direction_of
from claimgw.conformance.validator.schemas import Schemas
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Severity, errors
from claimgw.messages.identifiers import Licence

_ALL_ERRORS = dict.fromkeys(Direction, Level.ERROR)


@dataclass(frozen=True, slots=True)
class Raised:
    """What is to be an error: one code, whatever is said of it and since when; or every finding so bad."""

    target: str | Severity
    severities: Severities
    schemas: Schemas

    def refuses(self, envelope: Envelope, received: datetime, served: frozenset[Licence]) -> bool:
        """Whether a message that passes would be refused; one that does not pass is refused already.

        `received` is when it came. A grace for its sender stays one.
        """
        direction = direction_of(envelope.event)

        def found(severities: Severities) -> list[Severity]:
            judged = check(
                envelope,
                received,
                direction=direction,
                served=served,
                schemas=self.schemas,
                severities=severities,
            )
            return [Severity.ERROR] if errors(judged) else [one.severity for one in judged]

        now = found(self.severities)
        if Severity.ERROR in now:
            return False
        if isinstance(self.target, Severity):
            return self.target in now
        return Severity.ERROR in found(self._with_an_error(self.target))

    def _with_an_error(self, code: str) -> Severities:
        changes = {**self.severities.changes, code: (Line(code, _ALL_ERRORS),)}
        return replace(self.severities, changes=changes)
