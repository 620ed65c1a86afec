"""Lines taken apart: each token has its rule and section, and none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab import Reply, Sandbox, take_apart
from smtplab.tokens.client_lines import command, mail_data, response
from smtplab.tokens.server_lines import reply_lines
from smtplab.tokens.taking_apart import MAX_LINES, _lines


def rules(taken):
    return [[token.rule for token in line if token.rule not in ("SP", "CRLF")] for line in taken]


CASES = [
    ("EHLO laptop.example.org", ["ehlo", "Domain"]),
    ("EHLO [192.0.2.1]", ["ehlo", "address-literal"]),
    ("EHLO a b", ["ehlo", ""]),
    (
        "MAIL FROM:<alice@example.org> SIZE=120 SMTPUTF8",
        "mail mail Reverse-path Local-part Mailbox Domain Reverse-path esmtp-keyword esmtp-param "
        "esmtp-value esmtp-keyword".split(),
    ),
    ("mail from:<>", ["mail", "mail", "Reverse-path"]),
    ("MAIL FROM:alice@example.org", ["mail", "mail", ""]),
    ("MAIL FROM: <alice@example.org>", ["mail", "mail", ""]),
    ("MAIL alice", ["mail", ""]),
    ("RCPT TO:<Postmaster>", ["rcpt", "rcpt", "Forward-path"]),
    (
        "RCPT TO:<@a.example:bob@example.net> NOTIFY==",
        "rcpt rcpt Forward-path A-d-l Local-part Mailbox Domain Forward-path".split() + [""],
    ),
    ("AUTH PLAIN AGEAYg==", ["auth-command", "sasl-mech", "initial-response"]),
    ("AUTH PLAIN not*base64", ["auth-command", "sasl-mech", ""]),
    ("BDAT 12 LAST", ["bdat-cmd", "chunk-size", "end-marker"]),
    ("BDAT twelve", ["bdat-cmd", ""]),
    ("VRFY bob", ["vrfy", "String"]),
    ("DATA now", ["data", ""]),
    ("QUIT", ["quit"]),
    ("FOO bar", [""]),
    (" QUIT", [""]),
]


@pytest.mark.parametrize(("line", "expected"), CASES, ids=[line for line, _ in CASES])
def test_a_command_line_is_taken_apart_by_the_rule_of_its_verb(line, expected):
    taken = take_apart(line)
    assert rules(taken) == [expected]
    assert b"".join(token.octets for token in taken[0]) == line.encode() + b"\r\n"
    assert all(token.source for token in taken[0])


def test_a_reply_line_is_code_separator_enhanced_status_code_and_text():
    taken = take_apart(Reply(503, (b"5.5.1 Nested MAIL", b"5.5.1 command")))
    assert rules(taken) == [
        ["Reply-code", "Reply-line: more follow", "status-code", "textstring"],
        ["Reply-code", "status-code", "textstring"],
    ]
    assert taken[0][2].source == "RFC 3463, 2"


def test_the_lines_of_a_reply_to_ehlo_hold_keywords():
    taken = take_apart(Reply(250, (b"mx.example.net greets you", b"SIZE 1000")), "EHLO")
    assert rules(taken)[0][2:] == ["Domain", "ehlo-greet"]
    assert rules(taken)[1] == ["Reply-code", "ehlo-keyword", "ehlo-param"]


def test_mail_data_shows_the_doubled_dot_and_where_it_ends():
    taken = _lines(b"Subject: a\r\n b\r\n\r\n..dot\r\nTo: no field\r\n.\r\n", mail_data())
    assert rules(taken) == [
        ["field-name", "header field", "field body"],
        ["folded field body"],
        [],
        ["transparency", "body"],
        ["body"],
        ["end of mail data"],
    ]
    assert [token.octets for token in taken[3]] == [b".", b".dot", b"\r\n"]


def test_a_lone_lf_is_no_end_of_a_line():
    taken = _lines(b"NOOP\nQUIT\r\n", command)
    assert taken[0][-1].rule == "" and "only together" in taken[0][-1].source
    assert taken[1][-1].rule == "CRLF"


def test_secrets_of_an_event_stay_hidden_until_asked_for():
    with Sandbox("memory") as sandbox:
        client = sandbox.connect(port=465)
        client.ehlo()
        client.auth("alice@example.org", "looking-glass", "PLAIN")
        event = next(e for e in client.transcript.events if e.octets.startswith(b"AUTH"))
        client.close()
    hidden, shown = take_apart(event), take_apart(event, secrets=True)
    assert rules(hidden) == rules(shown) == [["auth-command", "sasl-mech", "initial-response"]]
    assert "********" in str(hidden) and "AGFs" not in str(hidden) + hidden.to_html()
    assert "AGFs" in str(shown)


def test_a_table_of_tokens_is_escaped_and_bounded():
    hostile = "VRFY <script>alert(1)</script>\u202e" + "a" * 10_000_000
    html = take_apart(hostile).to_html()
    assert "&lt;script&gt;" in html and "<script" not in html and "\u202e" not in html
    assert len(html) < 2_000
    many = _lines(b"x\r\n" * 1000, mail_data())
    assert len(many) == MAX_LINES and many.left_out == 1000 - MAX_LINES
    assert "940 more lines" in str(many) and "940 more lines" in many.to_html()


READERS = {
    "command": lambda: command,
    "response": lambda: response,
    "mail data": mail_data,
    "reply": lambda: reply_lines("EHLO"),
    "greeting": lambda: reply_lines("greeting"),
}


PIECES = [*'< > @ a . 250 - 2.1.0 = " MAIL FROM: RCPT TO: EHLO'.split(), " ", "\r\n", "\n"]


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@given(
    st.binary(max_size=80) | st.lists(st.sampled_from(PIECES)).map(lambda p: "".join(p).encode())
)
def test_the_tokens_joined_are_the_octets_whatever_they_are(reader, octets):
    taken = _lines(octets, reader())
    assert b"".join(token.octets for line in taken for token in line) == octets
