"""The static site: built from the checkout, opened in a real browser with every other way cut."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from tests.browser import RUN_ALL, Watch, chromium
from tests.static_site import served

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("0[0-2]*.ipynb"))
START_LIMIT = 120_000  # milliseconds; a quiet machine needs a tenth
RUN_LIMIT = 180_000

_OPENED = """async () => {
  while (!window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel) {
    await new Promise(requestAnimationFrame);
  }
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.session.kernel.info;
}"""
_HAS_RUN = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.model.toJSON().cells.filter(cell => cell.cell_type === 'code');
  return cells[cells.length - 1].execution_count === cells.length
    && panel.sessionContext.session.kernel.status === 'idle';
}"""
_CELLS = "() => window.jupyterapp.shell.currentWidget.model.toJSON().cells"


def test_the_browser_gets_versions_that_pyproject_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    lines = (ROOT / "lite" / "requirements.txt").read_text("utf-8").splitlines()
    given = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert {"aiosmtpd", "dnspython", "dkimpy", "ipywidgets", "tqdm"} <= wanted.keys() & given.keys()
    for name in wanted.keys() & given.keys():
        assert given[name] in wanted[name], name


def test_a_folder_that_exists_is_left_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "lite", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "exists already; remove it, or name another folder" in done.stderr


@pytest.fixture(scope="module")
def site(tool, node_module, tmp_path_factory):
    """The site, served from loopback, and a browser that reaches nothing else."""
    executable = tool("chromium")
    node_module("pyodide")
    folder = tmp_path_factory.mktemp("site") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "lite", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    with served(folder) as url, chromium(executable) as browser:
        yield url, browser


@pytest.mark.slow
@pytest.mark.browser
def test_the_first_page_lists_the_lessons(site):
    url, browser = site
    page = browser.new_page()
    watch = Watch(page)
    page.goto(url)
    links = page.locator("li a").all_inner_texts()
    page.close()
    assert len(links) == len(list((ROOT / "notebooks").glob("[0-9]*.ipynb")))
    assert links[2] == "02 · The first conversation, by hand"
    assert watch.errors == [] and watch.outside == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_lesson_runs_in_a_browser_tab_with_the_stored_outputs(site, notebook):
    """No cell fails, and what needs no TLS shows the very text that it shows over TCP."""
    url, browser = site
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    watch = Watch(page)
    page.set_default_timeout(START_LIMIT)
    page.goto(f"{url}/lab/index.html?path={notebook.name}")
    page.evaluate(_OPENED)
    page.evaluate(RUN_ALL)
    page.wait_for_function(_HAS_RUN, timeout=RUN_LIMIT)
    cells = page.evaluate(_CELLS)
    page.close()
    assert watch.outside == [], "something outside loopback was asked for"
    stored = nbformat.read(notebook, as_version=4).cells
    assert len(cells) == len(stored)
    for here, there in zip(cells, stored, strict=True):
        if here["cell_type"] == "code":
            assert not [o for o in here["outputs"] if o["output_type"] == "error"], here
            if not differs_without_tls(there):
                assert text_of(here) == text_of(there), there.source


def differs_without_tls(cell):
    """Whether a cell needs TLS, or shows what a server offers only where TLS is there."""
    tags = cell.metadata.get("tags", [])
    return "needs-tls" in tags or "STARTTLS" in json.dumps(cell.outputs)


def text_of(cell):
    """What a cell printed and what its last line is, as text."""
    texts = []
    for output in cell["outputs"]:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        texts.append(text if isinstance(text, str) else "".join(text))
    return "".join(texts).strip()
