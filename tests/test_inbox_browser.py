"""The inbox in a real JupyterLab: by mouse, by keyboard, in every theme and width."""

import pytest

from tests.lab_pages import one_further
from tests.widths import at_every_width

pytestmark = pytest.mark.browser
CARD = ".smtplab-inbox"

SETUP = """from smtplab import Envelope, Inbox, Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from tests.test_inbox import MIXED, PLAIN, deliver

sandbox = Sandbox().start()
deliver(sandbox, PLAIN)
deliver(sandbox, MIXED, "carol@example.org")
report = StoredMail(Envelope("", ("bob@example.net",)), PLAIN)
sandbox.mailbox("bob@example.net").store("Junk", report)
inbox = Inbox(sandbox)
inbox"""

# What each view must show, by the name of its button.
VIEWS = {
    "Envelope": "RCPT TO:<bob@example.net>",
    "Way": "ESMTPSA",
    "Checks": "spf=pass",
    "Parts": "multipart/alternative",
    "Raw": "boundary=a",
    "Message": "Not loaded: 1 remote item",
}


def test_the_inbox_by_mouse_and_keyboard_in_every_theme_and_width(lab_page, pictures, axe):
    page = lab_page(SETUP)
    card = page.locator(CARD).first
    card.get_by_text("With a picture").first.wait_for()
    card.scroll_into_view_if_needed()

    def press(name):
        card.get_by_role("button", name=name, exact=True).click()

    for name, expected in VIEWS.items():
        press(name)
        card.locator(".smtplab-panel").get_by_text(expected).first.wait_for()
        assert axe(page, CARD) == []
        at_every_width(page, CARD, f"inbox-{name.lower()}")
    pictures(page, CARD, "inbox")
    frame = card.frame_locator("iframe")
    assert frame.locator("b").inner_text() == "colöur" and frame.locator("img").count() == 0

    press("Raw")
    card.get_by_label("Show CR LF").check()
    card.get_by_text("CR LF", exact=True).nth(2).wait_for()
    press("Message")

    card.get_by_role("button", name="Next", exact=True).focus()  # by keyboard only
    page.keyboard.press("Enter")
    card.locator(".smtplab-panel").get_by_text("café at noon").wait_for()
    card.get_by_role("button", name="Way", exact=True).focus()
    page.keyboard.press("Enter")
    card.locator("ol > li").nth(1).wait_for()

    card.get_by_label("Folder").select_option(label="Junk (1)")
    card.get_by_text("came by no SMTP server").wait_for()
    card.get_by_label("Mailbox").select_option(label="carol@example.org")
    card.get_by_text("laptop.example.org").first.wait_for()
    one_further(page, card.get_by_label("Mailbox"))
    press("Refresh")

    page.reload()
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.locator(".jp-Notebook").wait_for()
