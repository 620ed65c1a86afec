"""Every widget as a stored output: untrusted in JupyterLab, nbconvert's HTML, as on GitHub."""

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser import Watch, close, close_file_browser, open_notebook
from tests.every_card import CASES
from tests.lab_pages import KERNEL, logged
from tests.static_forms import as_github_shows, notebook_of, stored

pytestmark = pytest.mark.browser

TRUSTED = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.trusted).length"""
CELLS = """output => [...output.querySelectorAll('td, th')]
  .map(cell => getComputedStyle(cell).textAlign)"""
WIDTH = 1280


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("work"))


def _look(outputs, folder, way) -> None:
    """Read what a person sees in each output; a picture of it is kept in `folder`."""
    assert outputs.count() == len(CASES)
    for number, case in enumerate(CASES):
        output = outputs.nth(number)
        output.scroll_into_view_if_needed()
        seen = " ".join(output.inner_text().split())
        for fact in case.tells:
            assert " ".join(fact.split()) in seen, (case.name, fact, seen)
        assert output.locator("svg, script, button").count() == 0
        assert way == "github" or set(output.evaluate(CELLS)) <= {"left"}, case.name
        output.screenshot(path=folder / f"{case.name}-{way}.png")


def test_an_untrusted_jupyterlab_shows_what_each_card_means(lab_server, bundles, kept_in):
    folder, url, browser = lab_server
    notebook = notebook_of(bundles)
    notebook.metadata["kernelspec"] = KERNEL
    nbformat.write(notebook, folder / "untrusted.ipynb")
    page = browser.new_page(viewport={"width": WIDTH, "height": 1200})
    watch = Watch(page)
    open_notebook(page, url.format("untrusted.ipynb"))
    close_file_browser(page)
    assert page.evaluate(TRUSTED) == 0, "nobody signed it"
    _look(page.locator(".jp-OutputArea-output"), kept_in, "untrusted")
    assert logged(page) == "" and watch.errors == [] and watch.outside == []
    close(page)


@pytest.mark.parametrize("way", ["nbconvert", "github"])
def test_a_page_without_a_kernel_shows_what_each_card_means(
    lab_server, bundles, kept_in, way, tmp_path
):
    _, _, browser = lab_server
    if way == "github":
        bundles = {
            name: bundle | {"text/html": as_github_shows(bundle["text/html"])}
            for name, bundle in bundles.items()
        }
    # Its own helpers come from a host outside; without them the page is what it is offline.
    exporter = HTMLExporter(require_js_url="", jquery_url="", mathjax_url="", mermaid_js_url="")
    file = tmp_path / "cards.html"
    file.write_text(exporter.from_notebook_node(notebook_of(bundles))[0], "utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 1200})
    watch = Watch(page)
    page.goto(file.as_uri())
    _look(page.locator(".jp-OutputArea-output"), kept_in, way)
    assert watch.outside == []
    page.close()
