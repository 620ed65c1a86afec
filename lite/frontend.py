"""JupyterLite around the course: its settings, the notebooks, a page to begin at."""

import json
import re
import shutil
from pathlib import Path

from lite.pyodide import EARLY
from lite.tools import Tools, run

HERE = Path(__file__).parent
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# The kernel installs what this list lacks. All of it is in packages.bin already, or stood in for
# there; only jedi is left out: completion does without its 1.5 MB.
THERE_ALREADY = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython")
UNUSED = (
    "**/*.map", "build/fa-*.svg", "build/fa-*.eot", "build/fa-*.ttf", "build/fa-*.woff",
    "build/fa-brands-*.woff2",  # marks of companies, which no page of the course shows
    "rspack.*",
)  # fmt: skip
# What draws diagrams and plots from text is a megabyte packed, and the course has none of these.
# The chunks have no names, so each is known by words in it.
DRAWING = ("@jupyterlab/mermaid-extension", "@jupyterlab/vega5-extension")
WORDS_OF_DRAWING = (
    "org.eclipse.elk", "chevrotain", "mermaidAPI", "cytoscape", "katex-html", "vega-lite",
    "Unrecognized signal",
)  # fmt: skip
# Before all of JupyterLab's own.
FIRST_SCRIPT = f'<script src="../static/pyodide/{EARLY}"></script>'
# The service worker passes every file on, and is slow at it: the browser also forgets what it has
# compiled of a script that came this way. It is there for the reader's notebooks and questions.
PASSES_ON = "shouldDrop(t,a)||(n=maybeFromCache(e))"
LEAVES_TO_THE_BROWSER = "shouldDrop(t,a)||enableCache&&(n=maybeFromCache(e))"
# A kernel of a first visit may be asked for before the service worker is registered. It would keep
# its files to itself, and they would be gone with the page.
KERNELS = "extensions/@jupyterlite/pyodide-kernel-extension/static/[0-9]*.js"
TAKES_WHAT_IS_THERE = "l=!!((null==i?void 0:i.enabled)||crossOriginIsolated)"
AWAITS_ITS_FILES = (
    "l=!!(navigator.serviceWorker&&await i?.ready.then(()=>1,()=>0)||crossOriginIsolated)"
)


def build(tools: Tools, project: Path, site: Path, work: Path) -> None:
    """The front end with the learner's notebooks, ready for a runtime in static/pyodide.

    The pictures beside the notebooks are the README's.
    """
    contents = work / "contents"
    left_out = shutil.ignore_patterns("instructor", "images", ".*")
    shutil.copytree(project / "notebooks", contents, ignore=left_out)
    settings = work / "jupyter_lite_config.json"
    settings.write_text(
        json.dumps(
            {
                "LiteBuildConfig": {
                    "apps": ["lab"],
                    "contents": [str(contents)],
                    "lite_dir": str(work),
                    "no_sourcemaps": True,
                    "output_dir": str(site),
                }
            }
        )
    )
    run(tools.python, "-m", "jupyterlite_core", "build", "--config", str(settings))
    _remove_unused(site)
    _configure(site / "jupyter-lite.json")
    _replace(site, "service-worker.js", PASSES_ON, LEAVES_TO_THE_BROWSER)
    _replace(site, KERNELS, TAKES_WHAT_IS_THERE, AWAITS_ITS_FILES)
    _replace(site, "lab/index.html", "<title>", f"{FIRST_SCRIPT}\n    <title>")
    _write_first_page(contents, site / "index.html")


def _remove_unused(site: Path) -> None:
    for path in [path for pattern in UNUSED for path in site.glob(pattern)]:
        path.unlink()
    for chunk in site.glob("build/[0-9]*.js"):
        text = chunk.read_text("utf-8")
        if any(words in text for words in WORDS_OF_DRAWING):
            chunk.unlink()


def _configure(file: Path) -> None:
    config = json.loads(file.read_text("utf-8"))
    data = config["jupyter-config-data"]
    data["appName"] = "smtplab"
    data["exposeAppInBrowser"] = True  # for the tests; a page of its own has nobody to hide it from
    data["enableMemoryStorage"] = True  # a private window has no other place
    data.setdefault("disabledExtensions", []).extend(DRAWING)
    data.setdefault("litePluginSettings", {})[KERNEL] = {
        "pyodideUrl": "./static/pyodide/loader.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": list(THERE_ALREADY)},
    }
    file.write_text(json.dumps(config, indent=1), "utf-8")


def _replace(site: Path, files: str, old: str, new: str) -> None:
    """Change what must be there once; another edition of JupyterLite may have other words."""
    texts = {file: file.read_text("utf-8") for file in site.glob(files)}
    if sum(text.count(old) for text in texts.values()) != 1:
        raise SystemExit(f"{files} of JupyterLite has not once: {old}")
    for file, text in texts.items():
        file.write_text(text.replace(old, new), "utf-8")


def _write_first_page(contents: Path, page: Path) -> None:
    """A list of the lessons; each opens in JupyterLab with its kernel."""
    items = []
    for notebook in sorted(contents.glob("[0-9]*.ipynb")):
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        heading = re.match(r"# (.*)", "".join(cells[0]["source"]))
        title = heading[1] if heading else notebook.stem
        items.append(f'<li><a href="lab/index.html?path={notebook.name}">{title}</a></li>')
    template = (HERE / "index.html").read_text("utf-8")
    page.write_text(template.replace("<!-- lessons -->", "\n".join(items)), "utf-8")
