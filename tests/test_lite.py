"""The static site: built from the checkout, opened in a real browser with every other way cut."""

import subprocess
import sys
import threading
import tomllib

import nbformat
import pytest
from packaging.requirements import Requirement

from lite.frontend import KERNELS
from smtplab.lessons.recorded import STUB, TAG
from tests.browser import Watch, chromium
from tests.lite_page import (
    HAS_LOADED,
    begin_to_open,
    beside_tls,
    cells_of,
    download,
    evidence_in,
    open_notebook,
    open_site,
    printed_by,
    run_notebook,
    text_of,
    write_cell,
)
from tests.lite_site import ROOT, build, packed_size
from tests.static_site import served

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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
        cwd=ROOT, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 2
    assert "exists already; remove it, or name another folder" in done.stderr


@pytest.fixture(scope="module")
def folder(tool, node_module, tmp_path_factory):
    """The site, built."""
    tool("chromium")
    node_module("pyodide")
    folder = tmp_path_factory.mktemp("site") / "site"
    build(folder)
    return folder


@pytest.fixture(scope="module")
def site(folder, tool):
    """The address of the site, on loopback, and a browser that reaches nothing else."""
    with served(folder) as url, chromium(tool("chromium")) as browser:
        yield url, browser


@pytest.mark.slow
def test_the_site_is_small_enough_for_a_class_on_one_line(folder):
    assert packed_size(folder) < 15_000_000


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
def test_work_is_kept_in_the_browser_and_can_be_downloaded(site):
    """A learner closes the lid in the middle of a lesson."""
    url, browser = site
    name, mine = "02-first-conversation.ipynb", "# mine: the 250 of today"
    page = browser.new_page()
    watch = Watch(page)
    open_site(page, url)
    open_notebook(page, name)
    write_cell(page, mine)
    open_site(page, url)
    open_notebook(page, name)
    assert cells_of(page)[1]["source"] == mine
    stored = download(page)
    page.close()
    assert "".join(stored["cells"][1]["source"]) == mine
    assert len(stored["cells"]) == len(nbformat.read(ROOT / "notebooks" / name, 4).cells)
    assert watch.outside == []


@pytest.mark.slow
@pytest.mark.browser
def test_a_slow_first_visit_loses_no_file(site, folder):
    """The service worker brings the files, and here it arrives after the lesson was opened."""
    (kernel,) = [one for one in folder.glob(KERNELS) if "e.mountDrive" in one.read_text("utf-8")]
    arrives = threading.Event()
    _, browser = site
    with served(folder, {"/service-worker.js": arrives}) as url:
        page = browser.new_page()
        open_site(page, url)
        begin_to_open(page, "02-first-conversation.ipynb")
        page.wait_for_function(HAS_LOADED, arg=kernel.name)
        arrives.set()
        open_notebook(page, "02-first-conversation.ipynb")
        assert printed_by(page, "import os; print(os.getcwd())") == "/drive"
        page.close()


VISITS = 3  # on the second JupyterLab puts a service worker of its own choice in charge
WRITE = "open('kept.txt', 'a').write('{}\\n'); print(open('kept.txt').read().split())"


@pytest.mark.slow
@pytest.mark.browser
def test_python_begins_with_the_page_when_a_reader_comes_back_and_finds_their_files(site):
    """Else a second visit takes as long as the first. A kernel that the page began has all that
    another has: it sees what the reader wrote, and writes beside it."""
    url, browser = site
    context = browser.new_context()
    for visit in range(VISITS):
        page = context.new_page()
        watch = Watch(page)
        began: list[str] = []
        page.on("worker", lambda worker, began=began: began.append(worker.url))
        open_site(page, url)
        open_notebook(page, "02-first-conversation.ipynb")
        assert printed_by(page, WRITE.format(visit)) == str([str(n) for n in range(visit + 1)])
        loaded = "import sys; print('smtplab.sandbox' in sys.modules)"
        assert printed_by(page, loaded) == str(visit > 0)
        assert [one.rpartition("/")[2].partition(".")[0] for one in began] == [
            "comlink" if visit == 0 else "early"
        ]
        assert watch.outside == []
        page.close()
    context.close()


@pytest.fixture(scope="module")
def lab(site):
    """JupyterLab in the site, opened once for all notebooks, and what its page asked for."""
    url, browser = site
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    watch = Watch(page)
    open_site(page, url)
    yield page, watch
    page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_a_browser_tab_with_the_stored_outputs(lab, notebook):
    """No cell fails. Each shows the very text that it shows over TCP; one that needs TLS shows it
    as recorded evidence, under a sentence that says why."""
    page, watch = lab
    cells = run_notebook(page, notebook.name)
    assert watch.outside == [], "something outside loopback was asked for"
    stored = nbformat.read(notebook, as_version=4).cells
    assert [cell["source"] for cell in cells] == [cell.source for cell in stored]
    for here, there in zip(cells, stored, strict=True):
        if here["cell_type"] == "code":
            assert not [o for o in here["outputs"] if o["output_type"] == "error"], here
            if TAG not in there.metadata.get("tags", []):
                assert beside_tls(text_of(here)) == beside_tls(text_of(there)), there.source
            elif there.outputs and not there.source.startswith(STUB):
                assert evidence_in(here).endswith(text_of(there)), there.source
