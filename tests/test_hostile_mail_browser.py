"""Hostile mail in a real JupyterLab: nothing runs, nothing is asked for, nothing gets slow."""

import time
from urllib.parse import urlsplit

import pytest

from tests.every_card import CASES
from tests.every_card import SETUP as WORLD

pytestmark = pytest.mark.browser

SETUP = """from smtplab import Console, Envelope, FaultPanel, Inbox, Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from tests.hostile import CONTENTS
from tests.test_hostile_mail import MARKUP, RULES

sandbox = Sandbox().start()
for content in CONTENTS.values():
    mail = StoredMail(Envelope(MARKUP, ("bob@example.net",)), content)
    sandbox.mailbox("bob@example.net").store("Inbox", mail)
inbox = Inbox(sandbox)
inbox"""
REPLIES = """from IPython.display import display
for rule in list(RULES.values())[:3]:
    sandbox.faults.clear()
    sandbox.faults.add(rule)
    console = Console(sandbox, "mx.example.net", 25)
    console.press("EHLO") if console.client else None
    panel = FaultPanel(sandbox)
    panel.try_it()
    display(console, panel)"""
LONGEST = 10.0  # seconds from a click to the page, on a machine that does much else


def test_hostile_mail_runs_nothing_asks_for_nothing_and_stays_quick(lab_page, pictures):
    dialogs: list[str] = []
    page = lab_page(SETUP, REPLIES)
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    card = page.locator(".smtplab-inbox").first
    chooser = card.locator(".smtplab-list select")
    chooser.wait_for()
    page.locator(".smtplab-fault_panel").nth(2).wait_for()
    here = page.url
    last = chooser.locator("option").count()
    down, up = range(last - 1, 0, -1), range(2, last + 1)
    views = ("Envelope", "Way", "Checks", "Parts", "Raw", "Message")
    for number, view in enumerate(views):  # down the list, and up again
        way, order = ("Previous", up) if number % 2 else ("Next", down)
        card.get_by_role("button", name=view, exact=True).click()
        card.locator(f".smtplab-panel .smtplab-{view.lower()}").wait_for()
        for uid in order:
            begin = time.monotonic()
            card.get_by_role("button", name=way, exact=True).click()
            card.locator(f"section[data-uid='{uid}']").wait_for()
            assert time.monotonic() - begin < LONGEST, f"number {uid}, {view}"
    pictures(page, ".smtplab-inbox", "hostile")
    assert page.evaluate("() => window.pwned") is None
    assert dialogs == [] and page.url == here
    assert page.locator(".smtplab-card script, .smtplab-card svg, .smtplab-card img").count() == 0
    frames = page.locator(".smtplab-card iframe")
    assert all(frame.get_attribute("sandbox") == "" for frame in frames.all())


SPOILT = """from tests.test_hostile_mail import spoil
spoil(globals(), "a banner", "an EHLO keyword", "a reply")"""
# The kernel answers in order: when this one has counted, the card before it has answered.
WITNESS = """import ipywidgets
witness = ipywidgets.Button(description="answered 0").add_class("test-witness")
witness.count = 0
def count(button):
    button.count += 1
    button.description = f"answered {button.count}"
witness.on_click(count)
witness"""


def test_no_card_runs_or_asks_for_anything_in_a_hostile_world(lab_page):
    dialogs: list[str] = []
    asked: set[str] = set()
    page = lab_page(WORLD, SPOILT, WITNESS, *(case.cell for case in CASES))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.on("request", lambda request: asked.add(request.url))
    page.locator(CASES[-1].selector).wait_for(state="attached")
    here, witness = page.url, page.locator(".test-witness")
    for number, case in enumerate(CASES, 1):
        card = page.locator(case.selector)
        card.evaluate("element => element.scrollIntoView()")
        begin = time.monotonic()
        card.get_by_role("button", name=case.press, exact=True).first.click()
        witness.evaluate("element => element.click()")
        page.locator(".test-witness", has_text=f"answered {number}").wait_for(state="attached")
        assert time.monotonic() - begin < LONGEST, case.name
        assert page.evaluate("() => window.pwned") is None, case.name
        assert page.get_by_text("A fault inside smtplab").count() == 0, case.name
    assert dialogs == [] and page.url == here
    hosts = {urlsplit(url).netloc for url in asked if url.startswith(("http", "ws"))}
    assert hosts <= {urlsplit(here).netloc}
    assert page.locator(".smtplab-card script, .smtplab-card img, .smtplab-card link").count() == 0
    assert page.get_by_text("javascript:window.pwned").count() > 0, "no card showed hostile text"
