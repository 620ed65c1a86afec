"""Every widget on the oldest stack that Binder has offered and on the newest: one click each.

JupyterLab 4.4.9, ipykernel 7.0.1 and ipywidgets 8.1.7 run a callback on a subshell, a thread beside
the one of the cells; the newest run it on the main thread.
"""

import pytest

from tests.card_hands import press_each
from tests.every_card import CASES, SETUP
from tests.lab_pages import STACKS

pytestmark = pytest.mark.browser

VERSIONS = """import ipykernel, ipywidgets, jupyterlab
[m.__version__ for m in (jupyterlab, ipykernel, ipywidgets)]"""
OLDEST = "['4.4.9', '7.0.1', '8.1.7']"


@pytest.mark.parametrize("lab_server", STACKS, indirect=True)
def test_every_widget_does_what_its_button_says_and_logs_nothing(lab_page, lab_server, request):
    page = lab_page(VERSIONS, SETUP, *(case.cell for case in CASES))
    oldest = request.node.callspec.params["lab_server"] == "oldest"
    assert (OLDEST in page.locator(".jp-OutputArea-output").first.inner_text()) is oldest
    press_each(page)
