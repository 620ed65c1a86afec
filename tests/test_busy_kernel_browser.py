"""Clicks and letters while a cell runs, on both stacks: each counts once, and none is lost.

The newest kernel keeps them until the cell has ended; the oldest works on them at once, on its
subshell. JupyterLab says "Busy" meanwhile. Either way the order is that of the hands.
"""

import pytest

from tests.lab_pages import STACKS, logged

pytestmark = pytest.mark.browser

MADE = """from pathlib import Path
from time import sleep

from smtplab import Console, Sandbox

Path("done").unlink(missing_ok=True)
console = Console(Sandbox().start())
console"""
LONG = """print("It runs.")
for _ in range(6000):
    if Path("done").exists():
        break
    sleep(0.05)
print("It has ended.")"""
OUTPUT = ".jp-OutputArea-output"
REPLIES = ".smtplab-console .smtplab-row.smtplab-s"

CODES = "rows => rows.map(row => row.querySelector('code').textContent.slice(0, 3))"


@pytest.mark.parametrize("lab_server", STACKS, indirect=True)
def test_what_is_clicked_and_typed_while_a_cell_runs_counts_once(lab_page, lab_server, request):
    page = lab_page(MADE, LONG)
    card = page.locator(".smtplab-console").first
    card.wait_for()
    page.locator(OUTPUT, has_text="It runs.").wait_for()
    field = card.locator("textarea")
    for verb in ("EHLO", "NOOP", "MAIL", "RCPT"):
        card.get_by_role("button", name=verb, exact=True).click()
    field.press_sequentially("VRFY bob")
    replies = page.locator(REPLIES)
    if request.node.callspec.params["lab_server"] == "oldest":
        replies.nth(4).wait_for(state="attached")  # on the subshell, while the cell still runs
    else:
        assert replies.count() == 1, "the greeting: all else waits for the cell"
    (lab_server[0] / "done").touch()
    page.locator(OUTPUT, has_text="It has ended.").wait_for()
    replies.nth(4).wait_for(state="attached")
    field.press_sequentially("@example.net")
    assert field.input_value() == "VRFY bob@example.net"
    field.press("Enter")
    replies.nth(5).wait_for(state="attached")
    card.get_by_role("button", name="NOOP", exact=True).click()
    replies.nth(6).wait_for(state="attached")
    begins = replies.evaluate_all(CODES)
    assert begins == ["220", "250", "250", "530", "530", "530", "250"]
    assert field.input_value() == ""
    assert logged(page) == ""
