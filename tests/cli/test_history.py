"""Do the commands on history say since when it is on record, and bring in what was before, or nothing?"""

import asyncio
from pathlib import Path

import pytest

from claimgw.cli.history_file import read_history
from claimgw.errors import ConfigurationError
from claimgw.store import history
from claimgw.store.database import Database
from claimgw.store.participants import add_participant
from claimgw.store.records import Imported
from tests.access.registered import insurer, provider
from tests.cli.console import Terminal

PROVIDER, PAYER = "provider:PR-1001", "payer:INS-2001"
HEADER = "provider,insurer,type,system,value,event,standing"
ROWS = (
    "PR-1001,INS-2001,Claim,http://his.example,C-1,claim-request,cancelled",
    "provider:PR-1001,payer:INS-2001,Claim,http://his.example,C-2,claim-request,",
    "PR-1001,INS-2001,ClaimResponse,http://ins.example,R-1,claim-response,",
)


@pytest.fixture
async def terminal(address: str, database: Database) -> Terminal:
    async with database.write() as unit:
        await add_participant(unit, provider())
        await add_participant(unit, insurer(endpoint="https://ins.example"))
    return Terminal(address)


def written(folder: Path, *lines: str) -> str:
    file = folder / "before.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return str(file)


async def kept(address: str) -> list[Imported]:
    database = Database(address)
    async with database.read() as unit:
        keys = [("Claim", "http://his.example", "C-1"), ("ClaimResponse", "http://ins.example", "R-1")]
        found = await history.of_before(unit, keys, provider=PROVIDER, insurer=PAYER)
    await database.close()
    return found


def test_what_was_before_is_brought_in_once(terminal: Terminal, address: str, tmp_path: Path) -> None:
    file = written(tmp_path, HEADER, *ROWS)
    counts = {"rows": 3, "new": 3, "known": 0}
    assert terminal.read("history", "import", file, "--dry-run") == {**counts, "dry_run": True}
    assert terminal.read("history", "show") == []
    assert terminal.read("history", "import", file) == {**counts, "dry_run": False}
    assert "0 of 3 identifiers were imported; 3 are known" in terminal.type("history", "import", file)
    assert set(asyncio.run(kept(address))) == {
        Imported(PROVIDER, PAYER, "Claim", "http://his.example", "C-1", "claim-request", "cancelled"),
        Imported(PROVIDER, PAYER, "ClaimResponse", "http://ins.example", "R-1", "claim-response", ""),
    }
    [pair] = terminal.read("history", "show")
    assert (pair["since"], pair["imported"], pair["set_by"]) == (None, 3, None)


def test_a_pair_begins_on_a_day_or_is_complete(terminal: Terminal) -> None:
    terminal.type("history", "since", PROVIDER, PAYER, "2026-06-01")
    [pair] = terminal.read("history", "show")
    assert (pair["since"], pair["complete"], pair["set_by"]) == ("2026-06-01", False, "command line")
    assert "complete" in terminal.type("history", "complete", PROVIDER, PAYER)
    [pair] = terminal.read("history", "show")
    assert (pair["since"], pair["complete"]) == (None, True)
    assert "ever: complete" in terminal.type("history", "show")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("since", PAYER, PROVIDER, "2026-06-01"), 1, "in this order"),
        (("since", "provider:PR-9", PAYER, "2026-06-01"), 1, "provider:PR-9"),
        (("since", PROVIDER, PAYER, "2999-01-01"), 2, "has not come yet"),
        (("complete", PROVIDER, "INS-2001"), 2, "is no licence"),
    ],
)
def test_a_pair_that_cannot_be_is_refused(
    words: tuple[str, ...], code: int, text: str, terminal: Terminal
) -> None:
    assert text in terminal.type("history", *words, code=code)
    assert terminal.read("history", "show") == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (ROWS[0], "the same as line 2"),
        ("PR-9,INS-2001,Claim,s,v,claim-request,", "provider:PR-9 is no provider"),
        ("PR-1001,PR-1001,Claim,s,v,claim-request,", "payer:PR-1001 is no insurer"),
        ("PR-1001,provider:PR-1001,Claim,s,v,claim-request,", "is no insurer"),
        ("PR-1001,INS-2001,Claim,s,,claim-request,", "no identifier"),
        ("PR-1001,INS-2001,Claim,s,v,claims,", "event: none"),
        ("PR-1001,INS-2001,Claim,s,v,claim-response,", "of claim-response it is ClaimResponse"),
        ("PR-1001,INS-2001,Claim,s,v,claim-request,lost", "standing: none of refused, open"),
        ("PR-1001,INS-2001,ClaimResponse,s,v,claim-response,open", "only requests"),
        ("PR-1001,INS-2001,Claim,s,v,claim-request,open,more", "more cells"),
        ("PR-1001", "payer"),
    ],
)
def test_a_table_with_one_bad_line_is_refused_whole(line: str, text: str, tmp_path: Path) -> None:
    file = Path(written(tmp_path, HEADER, ROWS[0], line))
    with pytest.raises(ConfigurationError, match=f"line 3: .*{text}"):
        read_history(file, {PROVIDER, PAYER})


def test_nothing_of_a_table_is_brought_in_that_has_a_fault(tmp_path: Path, terminal: Terminal) -> None:
    told = terminal.type("history", "import", written(tmp_path, HEADER, *ROWS, ROWS[0]), code=2)
    assert "line 5: the same as line 2" in told
    assert terminal.read("history", "show") == []


def test_a_table_without_its_header_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the header lacks system, value, event"):
        read_history(Path(written(tmp_path, "provider;insurer;type", "a;b;c")), set())
