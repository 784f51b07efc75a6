"""Why can an expression not be compiled? Told when a definition is loaded, not while a message is judged."""

from claimgw.errors import ClaimgwError


class CannotCompile(ClaimgwError):
    """The expression is not FHIRPath, or asks for what this compiler cannot honour.

    `at` is the place in `expression`, counted in characters from 0.
    """

    def __init__(self, expression: str, at: int, reason: str) -> None:
        super().__init__(f"{reason}, at character {at} of the FHIRPath expression: {expression}")
        self.expression = expression
        self.at = at
        self.reason = reason
