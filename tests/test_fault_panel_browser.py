"""The fault panel and the provider card in a real JupyterLab: every button, theme and width."""

import pytest

from tests.lab_pages import cut_off
from tests.widths import at_every_width

pytestmark = pytest.mark.browser
FAULTS, PROVIDER = ".smtplab-fault_panel", ".smtplab-provider_card"


def look(page, card, pictures, axe, name):
    """Pictures in each theme and width, and what axe-core and the layout say."""
    pictures(page, card, name)
    assert axe(page, card) == []
    at_every_width(page, card, name)


def test_the_fault_panel_by_mouse_and_keyboard(lab_page, pictures, axe):
    page = lab_page("from smtplab import FaultPanel, Sandbox\nFaultPanel(Sandbox().start())")
    card = page.locator(FAULTS).first
    card.get_by_text("every server behaves").wait_for()

    def press(name):
        card.get_by_role("button", name=name, exact=True).click()

    for name in ("421 in the middle", "552 after the content", "Reset in the mail data"):
        press(name)
        press("Set this rule")
    card.get_by_label("Phase").select_option("RCPT")
    card.get_by_label("Match").select_option("a forward-path is")
    card.get_by_label("Wanted").fill("bob@example.net")
    card.get_by_label("Which time").select_option("from the nth time on")
    card.get_by_label("n", exact=True).fill("2")
    card.get_by_label("n", exact=True).press("Tab")
    card.get_by_label("Action").select_option("a reply")
    card.get_by_label("Value").fill("450 4.2.1 Later")
    card.get_by_text("RCPT@to:bob@example.net#2+=450 4.2.1 Later").wait_for()
    press("Set this rule")
    card.get_by_text("4 rules set").wait_for()
    press("Try it")
    card.get_by_text("421 4.3.2 Shutting down").last.wait_for()
    card.locator("summary").click()
    card.get_by_text("end-lose@fault.example.net").wait_for()
    look(page, FAULTS, pictures, axe, "faults")
    card.get_by_role("button", name="Remove", exact=True).first.focus()
    page.keyboard.press("Enter")
    card.get_by_text("3 rules set").wait_for()
    press("Refresh")
    press("Remove all")
    card.get_by_text("every server behaves").wait_for()
    press("Try it")
    card.get_by_text("Accepted for every recipient").wait_for()


def test_the_provider_card_by_mouse_and_keyboard(lab_page, pictures, axe):
    page = lab_page("from smtplab import ProviderCard, Sandbox\nProviderCard(Sandbox().start())")
    card = page.locator(PROVIDER).first
    card.get_by_text("Typical refusals").wait_for()
    refusals = card.get_by_label("Refusal")
    for text in refusals.locator("option").all_text_contents():
        refusals.select_option(label=text)
        card.get_by_role("button", name="Produce it", exact=True).click()
        card.locator(".smtplab-refusals tr b").get_by_text(text, exact=True).wait_for()
    conversation = card.locator(".smtplab-conversation")
    conversation.get_by_text("421 4.7.0 Try again later").wait_for()
    card.get_by_role("button", name="Ask again", exact=True).click()
    look(page, PROVIDER, pictures, axe, "provider")
    card.locator("summary").click()
    card.get_by_text("illustrative: likely").first.wait_for()
    assert cut_off(page, PROVIDER) == []
    for title in ("Outlook and Microsoft 365", "SendGrid"):
        card.get_by_label("Provider").select_option(label=title)
        card.locator(".smtplab-place").get_by_text(title).wait_for()
