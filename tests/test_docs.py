"""The documentation: built from the checkout without a warning, read with every other way cut."""

import json
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from packaging.requirements import Requirement

import smtplab
import smtplab.lessons
from docs.__main__ import without_foreign_images
from docs.launch import run_address
from tests.browser import Watch, chromium
from tests.static_site import served

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REPOSITORY = "https://github.com/example/smtplab"
LESSON_02 = "notebooks/02-first-conversation"
PAGES = (
    "index", LESSON_02, "notebooks/11-easily-abused", "questions", "api", "commands",
    "cheat-sheet", "glossary",
)  # fmt: skip
NARROW, WIDE = {"width": 460, "height": 900}, {"width": 1280, "height": 900}
# What axe objects to, and who could mend it. It calls the last one minor.
LEFT_TO_OTHERS = {
    "label-content-name-mismatch": "the theme: its search button shows the keys, too",
    "region": "the theme: the name of the site stands in no landmark",
    "summary-name": "the theme: the arrow beside Lessons has no name",
    "empty-table-header": "a table of a card whose first column, of line numbers, has no heading",
}


def test_every_public_name_is_in_the_reference_once():
    page = (ROOT / "docs" / "pages" / "api.rst").read_text("utf-8")
    names = re.findall(r"^\.\. auto\w+:: (\w+)$", page, re.MULTILINE)
    assert sorted(names) == sorted({*smtplab.__all__, *smtplab.lessons.__all__} - {"__version__"})


def test_the_reference_is_made_with_versions_that_pyproject_allows():
    """It imports the public names; what they need must be what a user gets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    allowed = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    lines = (ROOT / "docs" / "build-requirements.txt").read_text("utf-8").splitlines()
    texts = [line.partition("#")[0].strip() for line in lines]
    wanted = {one.name: one.specifier for one in map(Requirement, filter(None, texts))}
    both = allowed.keys() & wanted.keys()
    assert {"aiosmtpd", "dkimpy", "dnspython", "ipywidgets", "trustme"} <= both
    assert {name: wanted[name] for name in both} == {name: allowed[name] for name in both}


@pytest.mark.parametrize(
    ("lite", "base"),
    [
        ("lite", "../lite"),
        ("/course/", "/course"),
        ("https://lab.example/", "https://lab.example"),
    ],
)
def test_run_leads_to_a_folder_of_this_site_or_to_another_address(lite, base):
    def up(path, _):
        return f"../{path}"

    assert run_address(lite, "02.ipynb", up) == f"{base}/lab/index.html?path=02.ipynb"
    assert run_address(lite, "", up) == f"{base}/index.html"


def test_an_image_of_another_host_gives_way_to_its_text():
    badge = "[![Launch](https://host.example/badge.svg)](https://host.example/)"
    assert without_foreign_images(badge) == "[Launch](https://host.example/)"
    assert without_foreign_images("![own](images/own.png)") == "![own](images/own.png)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "docs", str(folder), "--repository", REPOSITORY],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def site(tool, folder):
    """The pages, served from loopback, and a browser that reaches nothing else."""
    with served(folder) as url, chromium(tool("chromium")) as browser:
        yield url, browser


@pytest.fixture
def opened(site):
    """`opened("api.html")` is the page; nothing on it may fail, or ask anybody outside."""
    url, browser = site
    page = browser.new_page(viewport=WIDE, color_scheme="light")
    watch = Watch(page)
    failed = []

    def note(response):
        if not response.ok:
            failed.append(response.url)

    page.on("response", note)

    def opened(name):
        page.goto(f"{url}/{name}", wait_until="networkidle")
        return page

    yield opened
    page.close()
    assert (watch.errors, watch.outside, failed) == ([], [], [])


@pytest.mark.slow
def test_every_link_inside_the_site_leads_somewhere(folder):
    pages = {path: Links(path) for path in folder.rglob("*.html") if "_static" not in path.parts}
    assert len(pages) > len(NOTEBOOKS)
    dead = []
    for path, page in pages.items():
        for link in page.links:
            target = urlsplit(urljoin(f"//site/{path.relative_to(folder)}", link))
            there = folder / unquote(target.path).lstrip("/")
            if target.netloc != "site" or there.is_relative_to(folder / "lite"):
                continue
            known = pages[there].anchors if there in pages else ()
            if not there.is_file() or (target.fragment and unquote(target.fragment) not in known):
                dead.append((path.name, link))
    assert dead == []


class Links(HTMLParser):
    """The links of a page, and the places in it that a link can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links: list[str | None] = []
        self.anchors: set[str | None] = {""}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values.get("id"), values.get("name")}
        self.links += [values[name] for name in ("href", "src") if values.get(name)]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_shown_with_its_stored_outputs_and_can_be_had(folder, notebook):
    """Nothing is run: as many outputs as are stored, and the very file to download."""
    page = (folder / "notebooks" / f"{notebook.stem}.html").read_text("utf-8")
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [cell for cell in cells if cell.get("outputs")]
    assert page.count('class="cell_output') == len(outputs)
    download = folder / "_sources" / "notebooks" / notebook.name
    assert download.read_bytes() == notebook.read_bytes()


@pytest.mark.slow
@pytest.mark.browser
def test_a_lesson_can_be_run_here_run_on_binder_and_downloaded(opened):
    assert buttons_of(opened(f"{LESSON_02}.html")) == {
        "Run": f"../lite/lab/index.html?path={Path(LESSON_02).name}.ipynb",
        "Binder": f"https://mybinder.org/v2/gh/example/smtplab/HEAD?urlpath=lab/tree/{LESSON_02}.ipynb",
        "Download": f"../_sources/{LESSON_02}.ipynb",
    }


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", ["index", "questions", "api", "cheat-sheet", "glossary"])
def test_the_course_can_be_run_from_every_other_page(opened, name):
    assert buttons_of(opened(f"{name}.html")) == {
        "Run": "lite/index.html",
        "Binder": "https://mybinder.org/v2/gh/example/smtplab/HEAD?urlpath=lab/tree/notebooks",
    }


def buttons_of(page):
    links = page.locator(".article-header-buttons a")
    return dict(zip(links.all_inner_texts(), addresses(links), strict=True))


def addresses(links):
    return links.evaluate_all("all => all.map(one => one.getAttribute('href'))")


@pytest.mark.slow
@pytest.mark.browser
def test_a_question_leads_to_the_section_that_answers_it(opened):
    page = opened("questions.html")
    page.get_by_role("link", name="What is port 2525?").click()
    page.wait_for_url("**/notebooks/05-ports.html#*")
    heading = page.locator("section:target > h2")
    assert "8. A door without a standard: 2525" in heading.inner_text()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_light_and_dark_wide_and_narrow(opened, node_module, name):
    """Axe objects to nothing, to no contrast in the dark; a narrow page scrolls down only."""
    script = Path(node_module("axe-core")) / "axe-core" / "axe.min.js"
    page = opened(f"{name}.html")
    page.evaluate(script.read_text("utf-8"))
    page.add_style_tag(content="* { transition: none !important }")  # no colour on its way
    assert axe(page, {"rules": dict.fromkeys(LEFT_TO_OTHERS, {"enabled": False})}) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    assert axe(page, {"runOnly": ["color-contrast"]}) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def axe(page, options):
    """What axe-core objects to on the whole page."""
    result = page.evaluate("options => axe.run(document, options)", options)
    assert result["passes"], "axe looked at nothing"
    return [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]


@pytest.mark.slow
@pytest.mark.browser
def test_the_search_finds_a_word_of_a_lesson_and_a_name_of_the_reference(opened):
    for word, place in (("greylisting", "notebooks/10-"), ("mail_exchanges", "api.html")):
        page = opened(f"search.html?q={word}")
        page.locator("#search-results li a").first.wait_for()
        links = addresses(page.locator("#search-results li a"))
        assert any(place in link for link in links), links
