"""Which rules of nphies are judged, and what does one of them ask?"""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from claimgw.cli.arguments import AsJson, moment
from claimgw.cli.configuration import read_schemas
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.rule import print_rule
from claimgw.cli.session import refusing
from claimgw.cli.would_break import print_would_break
from claimgw.conformance.rulebook.catalogue import Scope
from claimgw.conformance.rulebook.coverage import Rule, State, coverage, implemented, implemented_beyond
from claimgw.conformance.rulebook.sentences import sentence
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Severity

commands = typer.Typer()

_LIKE_IT = 5
# States of rules whose codes go out.
_GIVEN = (State.PROFILE, State.RULE, State.OPEN_LIST)


@commands.command(
    epilog="Examples:\n\nclaimgw rules\n\nclaimgw rules BV-00251\n\n"
    "claimgw rules --state missing --family BV\n\n"
    "claimgw rules --would-break BV-00892 --since 2026-10-01\n\n"
    "claimgw rules --would-break warning --since 2026-10-01 --json"
)
def rules(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Explain this rule, with an example.")
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="List the rules of this state.")] = None,
    family: Annotated[
        str | None, typer.Option("--family", metavar="FAMILY", help="List those of BV, DT, IB, IC and so on.")
    ] = None,
    would_break: Annotated[
        str | None,
        typer.Option(
            "--would-break",
            metavar="CODE|SEVERITY",
            help="Who would be refused if this rule, or every warning, were an error?",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            parser=moment,
            metavar="DATE",
            help="With --would-break: judge what came in since then. Reads the database, changes nothing.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which rules of nphies are judged, explain one, or foresee whom one would refuse."""
    with refusing():
        if sum((code is not None, state is not None or family is not None, would_break is not None)) > 1:
            raise ConfigurationError(
                "ask for one thing: a CODE, a list by --state or --family, --would-break"
            )
        if (would_break is None) is not (since is None):
            raise ConfigurationError("--would-break and --since belong together")
        schemas = read_schemas()
        known = coverage(schemas)
        if would_break is not None and since is not None:
            print_would_break(_target(would_break, known), schemas, since, as_json)
        elif code is not None:
            print_rule(known[_known(code, known)], as_json)
        elif state is not None or family is not None:
            _list(known, state, family, as_json)
        else:
            _sum_up(known, as_json)


def _known(code: str, known: Mapping[str, Rule]) -> str:
    """The code as it is written. Raises ConfigurationError, with codes that look like it."""
    by_capitals = {one.upper(): one for one in known}
    found = by_capitals.get(code.upper())
    if found is None:
        near = difflib.get_close_matches(code.upper(), by_capitals, n=_LIKE_IT)
        advice = f"; did you mean {', '.join(by_capitals[one] for one in near)}?" if near else ""
        raise ConfigurationError(f"nphies lists no rule {code}{advice}")
    return found


def _target(text: str, known: Mapping[str, Rule]) -> str | Severity:
    try:
        severity = Severity(text.lower())
    except ValueError:
        rule = known[_known(text, known)]
        if rule.state not in _GIVEN:
            raise ConfigurationError(
                f"{rule.listed.code} is never given by the checks ({rule.state}): {rule.reason}"
            ) from None
        if rule.listed.scope in (Scope.HISTORY, Scope.REGISTRY):
            raise ConfigurationError(
                f"{rule.listed.code} needs what came before a message, and that is not read again here"
            ) from None
        return rule.listed.code
    if severity is Severity.ERROR:
        raise ConfigurationError("errors refuse already; write warning, information or a code")
    return severity


def _list(known: Mapping[str, Rule], state: State | None, family: str | None, as_json: bool) -> None:
    families = sorted({rule.listed.family for rule in known.values()})
    wanted = {one.upper(): one for one in families}.get(family.upper()) if family else None
    if family and wanted is None:
        raise ConfigurationError(f"there is no family {family}; there are {', '.join(families)}")
    found = [
        rule
        for rule in known.values()
        if (rule.state is state if state else rule.state is not State.DEACTIVATED)
        and (wanted is None or rule.listed.family == wanted)
    ]
    if as_json:
        print_json([_row(rule) for rule in found])
        return
    print_table(
        f"{len(found)} rules",
        ["code", "state", "element", "asks", "why"],
        [
            (rule.listed.code, rule.state, rule.listed.element, sentence(rule), rule.reason or None)
            for rule in found
        ],
        "There is no such rule.",
    )


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.listed.code,
        "status": rule.listed.status,
        "scope": rule.listed.scope,
        "state": rule.state,
        "reason": rule.reason,
        "element": rule.listed.element,
        "text": sentence(rule),
    }


def _sum_up(known: Mapping[str, Rule], as_json: bool) -> None:
    counts = Counter((rule.listed.family, rule.state) for rule in known.values())
    families = sorted({family for family, _ in counts}, key=lambda family: (family == "other", family))
    done, all_ = implemented(known)
    done_beyond, all_beyond = implemented_beyond(known)
    if as_json:
        print_json(
            {
                "families": {
                    family: {state.value: counts[family, state] for state in State} for family in families
                },
                "implemented": done,
                "decidable": all_,
                "percent": round(100 * done / all_, 1),
                "implemented_beyond": done_beyond,
                "beyond": all_beyond,
                "percent_beyond": round(100 * done_beyond / all_beyond, 1),
                "excluded": [_row(rule) for rule in _excluded(known.values())],
            }
        )
        return
    rows = [
        (state, *(counts[family, state] or None for family in families), _of_all(counts, state))
        for state in State
    ]
    print_table("Rules of nphies", ["state", *families, "all"], rows, "There are no rules.")
    print_line(
        f"{done} of {all_} rules that one message and its time of receipt can break are judged:"
        f" {100 * done / all_:.1f} %."
    )
    print_line(
        f"{done_beyond} of {all_beyond} rules that need what came before, or who is registered, are judged:"
        f" {100 * done_beyond / all_beyond:.1f} %."
    )
    print_line("Lists that are not wholly known, and what is not applicable, do not count there.")
    print_line("'claimgw rules --state not-applicable' and so on name each rule with the reason.")


def _of_all(counts: Counter[tuple[str, State]], state: State) -> int | None:
    return sum(count for (_, one), count in counts.items() if one is state) or None


def _excluded(rules_: Iterable[Rule]) -> Iterable[Rule]:
    return (rule for rule in rules_ if rule.reason and rule.state is not State.DEACTIVATED)
