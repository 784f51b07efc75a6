"""What of earlier does a message mention? Read before the memory is asked; kept so that it can be asked."""

from dataclasses import dataclass

from claimgw.conformance.memory import Key


@dataclass(frozen=True, slots=True)
class Mentions:
    """Business identifiers, by what they name; each once, in the order of the text.

    `relations` are kind, system and value: what requests have in common ("episode", "invoice", "encounter",
    "batch", "patient"; the patient as a digest, never as a number).
    """

    requests: tuple[Key, ...] = ()
    statements: tuple[Key, ...] = ()
    authorizations: tuple[str, ...] = ()
    relations: tuple[tuple[str, str, str], ...] = ()
