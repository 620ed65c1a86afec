"""Hostile mail in a real JupyterLab: nothing runs, nothing is asked for, nothing gets slow."""

import time

import pytest

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
