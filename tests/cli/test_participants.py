"""Do the commands on participants and credentials do what they say, and refuse what cannot be?"""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from claimgw.store.database import Database
from claimgw.store.participants import add_participant
from tests.access.registered import insurer, provider, tpa
from tests.cli.console import Terminal

ENDPOINT = "https://ins.example/$process-message"


@pytest.fixture
async def terminal(address: str, database: Database) -> Terminal:
    """With a provider, an insurer and a TPA entered already."""
    async with database.write() as unit:
        await add_participant(unit, provider(name="Clinic [One]"))
        await add_participant(unit, insurer(endpoint=ENDPOINT))
        await add_participant(unit, tpa(adapter="sandbox", endpoint=None))
    return Terminal(address)


def test_what_is_entered_is_there(address: str) -> None:
    terminal = Terminal(address)
    add = ("participants", "add")
    terminal.type(*add, "provider:PR-7", "--name", "Clinic", "--event", "claim-request")
    terminal.type(*add, "payer:TPA-7", "--name", "TPA", "--kind", "tpa", "--adapter", "sandbox")
    entered = terminal.read(*add, "payer:INS-7", "--name", "I", "--endpoint", ENDPOINT, "--set", "batch=true")
    assert (entered["kind"], entered["adapter"]) == ("insurer", "fhir-http")
    assert entered["settings"]["batch"] is True
    assert terminal.read("participants", "show", "payer:INS-7") == entered
    listed = [(p["licence"], p["kind"], p["events"]) for p in terminal.read("participants", "list")]
    assert listed == [
        ("payer:INS-7", "insurer", None),
        ("payer:TPA-7", "tpa", None),
        ("provider:PR-7", "provider", ["claim-request"]),
    ]


def test_all_participants_are_listed(terminal: Terminal) -> None:
    assert [(p["licence"], p["kind"], p["adapter"]) for p in terminal.read("participants", "list")] == [
        ("payer:INS-2001", "insurer", "fhir-http"),
        ("payer:TPA-3001", "tpa", "sandbox"),
        ("provider:PR-1001", "provider", None),
    ]
    assert "Clinic [One]" in terminal.type("participants", "list", "--kind", "provider")
    assert "INS-2001" not in terminal.type("participants", "list", "--kind", "provider")


def test_a_participant_is_shown_with_the_settings_in_force(terminal: Terminal) -> None:
    shown = terminal.read("participants", "show", "payer:INS-2001")
    assert shown["settings"]["answer_seconds"] == 50
    assert shown["endpoint"] == ENDPOINT
    assert shown["fault"] is None


def test_a_change_leaves_what_is_not_named(terminal: Terminal) -> None:
    change = ("participants", "change", "payer:INS-2001")
    terminal.type(*change, "--set", "answer_seconds=20", "--set", 'attachment_types=["application/pdf"]')
    terminal.type(*change, "--set", "batch=true", "--event", "claim-response", "--name", "New")
    shown = terminal.read("participants", "show", "payer:INS-2001")
    assert shown["settings"]["answer_seconds"] == 20
    assert shown["settings"]["attachment_types"] == ["application/pdf"]
    assert shown["settings"]["batch"] is True
    assert (shown["name"], shown["events"], shown["endpoint"]) == ("New", ["claim-response"], ENDPOINT)
    shown = terminal.read(*change, "--unset", "answer_seconds", "--all-events")
    assert (shown["settings"]["answer_seconds"], shown["events"]) == (50, None)


def test_a_setting_within_another_is_set_and_taken_back_alone(terminal: Terminal) -> None:
    change = ("participants", "change", "payer:INS-2001")
    terminal.type(*change, "--set", "delivery.waits=[10,60]", "--set", "delivery.most_tries=9")
    told = terminal.read(*change, "--unset", "delivery.most_tries", "--set", "delivery.spread=0")
    assert told["settings"]["delivery"] == {
        "waits": [10, 60],
        "spread": 0,
        "longest_retry_after": None,
        "slow_seconds": None,
        "give_up_seconds": None,
        "most_tries": None,
    }
    assert terminal.read("participants", "settings")["delivery.waits"]["default"] is None
    assert "delivery.waits" in terminal.type("participants", "show", "payer:INS-2001")
    assert terminal.read(*change, "--unset", "delivery")["settings"]["delivery"]["waits"] is None
    assert "delivery.waits.0: Input should" in terminal.type(*change, "--set", "delivery.waits=[-1]", code=2)


def test_who_changed_what_from_what_to_what_is_on_record(address: str) -> None:
    terminal = Terminal(address)
    terminal.type("participants", "add", "provider:PR-7", "--name", "Clinic", "--by", "noura")
    change = ("participants", "change", "provider:PR-7")
    terminal.type(*change, "--name", "Clinic Two", "--webhook", "https://his.example/claims")
    terminal.type(*change, "--name", "Clinic Two")  # nothing differs
    terminal.type("participants", "block", "provider:PR-7", "--reason", "unpaid", "--by", "omar")
    terminal.type("participants", "unblock", "provider:PR-7", "--by", "omar")
    told = terminal.read("participants", "history", "provider:PR-7")
    assert [(one["by"], one["fields"]) for one in told] == [
        ("noura", {"kind": [None, "provider"], "name": [None, "Clinic"]}),
        (
            "command line",
            {
                "name": ["Clinic", "Clinic Two"],
                "settings.webhook": [None, "https://his.example/claims"],
                "settings.webhook_secret": [None, "(not shown)"],
            },
        ),
        ("omar", {"blocked_reason": [None, "unpaid"]}),
        ("omar", {"blocked_reason": ["unpaid", None]}),
    ]
    shown = terminal.type("participants", "history", "provider:PR-7")
    assert "Clinic Two" in shown
    assert "whsec_" not in shown
    assert "is not registered" in terminal.type("participants", "history", "provider:NONE", code=1)


def test_a_change_of_policy_is_told_setting_by_setting(terminal: Terminal) -> None:
    change = ("participants", "change", "payer:INS-2001", "--by", "noura")
    terminal.type(*change, "--set", "delivery.waits=[10,60]")
    terminal.type(*change, "--set", "delivery.waits=[30]", "--set", "delivery.most_tries=9")
    terminal.type("participants", "serve", "payer:TPA-3001", "payer:INS-2001", "--from", "2026-01-01")
    told = [one["fields"] for one in terminal.read("participants", "history", "payer:INS-2001")]
    assert told == [
        {"settings.delivery.waits": [None, [10, 60]]},
        {"settings.delivery.most_tries": [None, 9], "settings.delivery.waits": [[10, 60], [30]]},
    ]
    [served] = terminal.read("participants", "history", "payer:TPA-3001")
    assert served["fields"] == {"serves payer:INS-2001": [None, "2026-01-01 to further notice"]}


def test_a_webhook_has_a_secret_that_is_shown_once(terminal: Terminal) -> None:
    change = ("participants", "change", "provider:PR-1001")
    url = "https://his.example/claims?for=7"
    first = terminal.read(*change, "--webhook", url)["settings"]
    assert first["webhook"] == url
    assert first["webhook_secret"].startswith("whsec_")
    assert "whsec_" not in terminal.type("participants", "show", "provider:PR-1001")
    again = terminal.read(*change, "--name", "Clinic")["settings"]
    assert (again["webhook"], again["webhook_secret"]) == (url, "(not shown)")
    assert terminal.read(*change, "--webhook", url)["settings"]["webhook_secret"] != first["webhook_secret"]
    gone = terminal.read(*change, "--webhook", "")["settings"]
    assert (gone["webhook"], gone["webhook_secret"]) == (None, None)


@pytest.mark.parametrize(
    ("licence", "words", "text"),
    [
        ("provider:PR-1001", ("--webhook", "http://his.example/"), "begins with https"),
        ("provider:PR-1001", ("--webhook", "https://"), "a URL of"),
        ("provider:PR-1001", ("--webhook", "https://me:pw@his.example/"), "without user"),
        ("provider:PR-1001", ("--webhook", "ftp://127.0.0.1/"), "begins with https"),
        ("provider:PR-1001", ("--set", "webhook=https://his.example/"), "belong together"),
        ("provider:PR-1001", ("--webhook", "https://a.example", "--set", "webhook_secret=abc"), "base64"),
        ("payer:INS-2001", ("--webhook", "https://ins.example/"), "only providers"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    licence: str, words: tuple[str, ...], text: str, terminal: Terminal
) -> None:
    assert text in terminal.type("participants", "change", licence, *words, code=2)


def test_an_insurer_may_go_over_to_paper(terminal: Terminal) -> None:
    terminal.type(
        "participants", "change", "payer:INS-2001", "--endpoint", "", "--adapter", "", "--set", "mode=by-hand"
    )
    shown = terminal.read("participants", "show", "payer:INS-2001")
    assert (shown["endpoint"], shown["adapter"], shown["settings"]["mode"]) == (None, None, "by-hand")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("add", "payer:X", "--name", "x"), "adapter: missing"),
        (("add", "payer:X", "--name", "x", "--adapter", "pigeon"), "no insurer adapter is called 'pigeon'"),
        (("add", "clinic:X", "--name", "x"), "is no licence"),
        (("change", "payer:INS-2001", "--set", "anser_seconds=1"), "anser_seconds: there is no such setting"),
        (("change", "payer:INS-2001", "--set", "answer_seconds"), "write NAME=VALUE"),
        (("change", "payer:INS-2001", "--unset", "nothing"), "there is no setting nothing"),
        (("change", "payer:INS-2001", "--event", "claims"), "claims is none that nphies knows"),
        (("block", "payer:INS-2001"), "Missing option '--reason'"),
        (("serve", "payer:TPA-3001", "payer:INS-2001", "--from", "2026-02-30"), "is no day"),
        (
            ("serve", "payer:TPA-3001", "payer:INS-2001", "--from", "2026-02-02", "--to", "2026-02-01"),
            "the last day lies before the first",
        ),
        (("key", "provider:PR-1001", "--expires", "2020-01-01"), "that moment is past"),
        (("key", "provider:PR-1001", "--expires", "soon"), "is no moment"),
        (("revoke", "the-first-one"), "Invalid value for 'CREDENTIAL'"),
        (("certificate", "/nowhere.pem", "provider:PR-1001"), "does not exist"),
    ],
)
def test_what_is_written_wrong_exits_with_two(terminal: Terminal, words: tuple[str, ...], text: str) -> None:
    assert text in terminal.type("participants", *words, code=2)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("add", "payer:INS-2001", "--name", "x", "--endpoint", ENDPOINT), "is registered already"),
        (("show", "payer:NONE"), "payer:NONE is not registered"),
        (("change", "payer:NONE", "--name", "x"), "payer:NONE is not registered"),
        (("block", "payer:NONE", "--reason", "x"), "payer:NONE is not registered"),
        (("unblock", "payer:NONE"), "payer:NONE is not registered"),
        (("key", "payer:NONE"), "payer:NONE is not registered"),
        (("credentials", "payer:NONE"), "payer:NONE is not registered"),
        (("revoke", "019a3f00-0000-7000-8000-000000000001"), "there is no live credential"),
        (("serve", "payer:INS-2001", "payer:TPA-3001"), "is registered as insurer, not as tpa"),
        (("test", "provider:PR-1001"), "is not called by the gateway"),
    ],
)
def test_what_is_not_there_exits_with_one(terminal: Terminal, words: tuple[str, ...], text: str) -> None:
    assert text in terminal.type("participants", *words, code=1)


def test_a_block_is_shown_until_it_is_lifted(terminal: Terminal) -> None:
    terminal.type("participants", "block", "provider:PR-1001", "--reason", "contract ended")
    assert "contract ended" in terminal.type("participants", "list")
    terminal.type("participants", "unblock", "provider:PR-1001")
    assert terminal.read("participants", "show", "provider:PR-1001")["blocked_at"] is None


def test_a_service_is_shown_with_both_parties(terminal: Terminal) -> None:
    serve = ("participants", "serve", "payer:TPA-3001", "payer:INS-2001", "--from", "2026-01-01")
    terminal.type(*serve)
    terminal.type(*serve, "--to", "2026-12-31")
    for licence in ("payer:TPA-3001", "payer:INS-2001"):
        assert terminal.read("participants", "show", licence)["serves"] == [
            {"tpa": "payer:TPA-3001", "insurer": "payer:INS-2001", "from": "2026-01-01", "to": "2026-12-31"}
        ]


def test_a_key_is_shown_once_and_then_only_its_digest(terminal: Terminal) -> None:
    made = terminal.read(
        "participants", "key", "provider:PR-1001", "payer:INS-2001", "--expires", "2100-01-01"
    )
    assert made["key"].startswith("cgw_")
    assert made["expires_at"] == "2100-01-01T00:00:00Z"
    (listed,) = terminal.read("participants", "credentials")
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert listed["licences"] == ["payer:INS-2001", "provider:PR-1001"]
    assert listed["state"] == "live"


def test_a_revoked_key_stays_listed_and_is_not_revoked_again(terminal: Terminal) -> None:
    made = terminal.read("participants", "key", "provider:PR-1001", "--label", "old")
    terminal.type("participants", "revoke", made["id"])
    terminal.type("participants", "revoke", made["id"], code=1)
    assert [c["state"] for c in terminal.read("participants", "credentials", "provider:PR-1001")] == [
        "revoked"
    ]
    assert terminal.read("participants", "credentials", "payer:INS-2001") == []


def test_a_certificate_is_good_until_it_expires(terminal: Terminal, tmp_path: Path) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    file = tmp_path / "clinic.pem"
    file.write_bytes(trustme.CA().issue_cert("clinic.example", not_after=until).cert_chain_pems[0].bytes())
    made = terminal.read("participants", "certificate", str(file), "provider:PR-1001")
    assert (made["kind"], made["expires_at"]) == ("certificate", until.isoformat().replace("+00:00", "Z"))
    assert "is registered already" in terminal.type(
        "participants", "certificate", str(file), "provider:PR-1001", code=1
    )


def test_an_expired_certificate_is_not_taken(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "clinic.pem"
    past = datetime.now(UTC) - timedelta(days=1)
    file.write_bytes(trustme.CA().issue_cert("clinic.example", not_after=past).cert_chain_pems[0].bytes())
    terminal.type("participants", "certificate", str(file), "provider:PR-1001", code=1)


def test_a_file_that_is_no_certificate_is_not_taken(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "clinic.pem"
    file.write_text("-----BEGIN PRIVATE KEY-----")
    assert "holds no certificate" in terminal.type(
        "participants", "certificate", str(file), "provider:PR-1001", code=2
    )


def test_settings_are_explained(terminal: Terminal) -> None:
    assert terminal.read("participants", "settings")["most_in_flight"]["default"] == 4
    assert "grace_seconds" in terminal.type("participants", "settings")


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


class _Quiet(ThreadingHTTPServer):
    """Prints no faults of its callers to the terminal."""

    def handle_error(self, *_: object) -> None:
        return None


@pytest.fixture
def secured(authority: trustme.CA) -> Iterator[str]:
    """An insurer on a real TLS socket; its endpoint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = _Quiet(("127.0.0.1", 0), _Healthy)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/$process-message"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_connection_is_tried_and_its_certificate_shown(
    terminal: Terminal, secured: str, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    terminal.type(
        *("participants", "change", "payer:INS-2001", "--endpoint", secured),
        *("--set", f"authority={tmp_path / 'ca.pem'}"),
    )
    tried = terminal.read("participants", "test", "payer:INS-2001")
    assert tried["health"]["reachable"]
    assert tried["tls"]["fault"] is None
    assert tried["tls"]["version"] == "TLSv1.3"
    assert tried["tls"]["not_after"] > "2026"


def test_a_connection_to_an_unknown_authority_is_refused_and_says_so(
    terminal: Terminal, secured: str
) -> None:
    terminal.type("participants", "change", "payer:INS-2001", "--endpoint", secured)
    output = terminal.type("participants", "test", "payer:INS-2001", code=1)
    assert "unable to get local issuer certificate" in output


def test_an_insurer_in_the_process_is_always_there(terminal: Terminal) -> None:
    tried = terminal.read("participants", "test", "payer:TPA-3001")
    assert (tried["health"]["reachable"], tried["tls"]) == (True, None)
