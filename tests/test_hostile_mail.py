"""Hostile mail: whatever a content, a reply or a name holds, it stays text and stays small."""

import time
from contextlib import suppress
from typing import Any

import pytest

from smtplab import Console, Envelope, FaultPanel, Inbox, Sandbox, SMTPLabError
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.widgets.inbox.harmless import harmless
from smtplab.widgets.inbox.model import Aspect
from tests.every_card import CASES, SETUP
from tests.hostile import (
    BIDI,
    CONTENTS,
    DOWNLOAD,
    DRAWING,
    MARKUP,
    PWNED,
    find_buttons,
    html_of,
    judge,
)

BOB = "bob@example.net"
LONGEST = 3.0  # seconds of this process; the worst takes about a tenth of that

# Markup as a server might say it, in the fault dial's words; no CR or LF in it, so one line.
SAID = MARKUP.replace("\\", "\\\\") + BIDI
RULES = {
    "a banner": f"greeting=raw:220 {SAID}\\r\\n",
    "an EHLO keyword": f"EHLO=raw:250-mx.example.net\\r\\n250-{SAID}\\r\\n250 AUTH {SAID}\\r\\n",
    "a reply": f"MAIL=raw:550 5.7.1 {SAID}\\r\\n",
    "no reply at all": f"greeting=raw:{SAID}\\r\\n",
    "a long line": f"EHLO=raw:250 {'<b>' * 600}\\r\\n",
}


# What these cards are made of besides plain tags.
MADE_OF = {
    "StateMap": DRAWING,
    "Ladder": DRAWING,
    "JourneyPlayer": frozenset(("time", "aria-current")),
    "PacketStack": DOWNLOAD,
    "Progress": DOWNLOAD,
}


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


def lay(sandbox, content, reverse_path="alice@example.org"):
    mail = StoredMail(Envelope(reverse_path, (BOB, f"{MARKUP}@example.net")), content)
    sandbox.mailbox(BOB).store("Inbox", mail)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_content_stays_text_stays_in_its_card_and_stays_quick(sandbox, name):
    lay(sandbox, CONTENTS[name], reverse_path=MARKUP)
    begin = time.process_time()
    inbox = Inbox(sandbox)
    for aspect in Aspect:
        inbox.look_at(aspect.value)
        judge(html_of(inbox.view))
    inbox.model.marks_line_ends = True
    inbox.refresh()
    judge(html_of(inbox.view))
    judge(inbox.static_html())
    assert len(inbox.static_text()) < 400_000
    assert time.process_time() - begin < LONGEST
    for label, _ in inbox._list.options:
        assert len(label) < 120 and not set(label) & set(BIDI[:1])


@pytest.mark.parametrize("name", RULES)
def test_what_a_server_says_stays_text_in_the_console(sandbox, name):
    sandbox.faults.add(RULES[name])
    console = Console(sandbox, "mx.example.net", 25)
    for verb in ("EHLO", "MAIL", "NOOP"):
        console._palette[verb].click()
    judge(html_of(console.view))
    judge(console.static_html())


@pytest.mark.parametrize("name", RULES)
def test_what_a_server_says_stays_text_in_the_fault_panel(sandbox, name):
    panel = FaultPanel(sandbox)
    panel.add(RULES[name])
    panel.try_it(f'"{MARKUP}"@example.net')
    judge(html_of(panel.view))
    judge(panel.static_html())


def test_what_a_learner_types_stays_text_in_the_console(sandbox):
    console = Console(sandbox)
    console._input.value = f"VRFY {MARKUP}{BIDI}\n"
    judge(html_of(console.view))


def test_a_content_of_10_mb_in_the_console_leaves_a_small_page(sandbox):
    console = Console(sandbox, "mx.example.net", 25)
    for line in ("EHLO a.example", "MAIL FROM:<>", f"RCPT TO:<{BOB}>", "DATA", "<b>" * 3_000_000):
        console.send(line)
    judge(html_of(console.view))


def test_thousands_of_mails_leave_a_short_list(sandbox):
    for _ in range(3_000):
        lay(sandbox, CONTENTS["markup everywhere"])
    inbox = Inbox(sandbox)
    assert len(inbox._list.options) == 50
    judge(inbox.static_html())


def test_nothing_of_an_html_body_that_could_run_or_load_is_left():
    body = harmless(MARKUP * 3)
    assert PWNED not in body.html.replace(f"javascript:{PWNED}", "")
    assert body.blocked == 3 and body.removed > 9


def spoil(names, *rules):
    """Fill Bob's mailbox, turn the servers hostile, and make one that was talked to the client."""
    sandbox = names["sandbox"]
    for content in CONTENTS.values():
        lay(sandbox, content, reverse_path=MARKUP)
    for rule in rules:
        sandbox.faults.add(RULES[rule])
    with suppress(SMTPLabError), sandbox.connect("mx.example.net", 25) as client:
        names["client"] = client
        client.ehlo()
        client.mail("alice@example.org")


@pytest.fixture(scope="module", params=RULES)
def hostile_world(request):
    """The names that a cell for a card needs, in a world whose servers say hostile things."""
    names: dict[str, Any] = {}
    exec(SETUP.replace("Sandbox()", "Sandbox('memory')"), names)
    spoil(names, request.param)
    yield names
    names["sandbox"].stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_card_makes_anything_of_hostile_mail_and_servers_but_text(hostile_world, case):
    begin = time.process_time()
    exec(f"card = {case.make}", hostile_world)
    card = hostile_world["card"]
    find_buttons(card.view, case.press)[0].click()
    page = html_of(card.view)
    assert "A fault inside smtplab" not in page
    for html in (page, card.static_html()):
        judge(html, MADE_OF.get(case.name, frozenset()))
    assert time.process_time() - begin < LONGEST
