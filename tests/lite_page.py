"""Notebooks in the static site: opened, run and read one after the other on one page.

Each has a kernel of its own, which ends with it, as a reader's would.
"""

import json
import re

from smtplab.lessons.recorded import NO_TLS
from tests.browser import RUN_ALL

START_LIMIT = 120_000  # milliseconds; a quiet machine needs a tenth
RUN_LIMIT = 180_000

_BEGUN = "() => window.jupyterapp !== undefined"
_OPEN = """async path => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute('docmanager:open', { path });
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  app.shell.activateById(panel.id);
  while (app.shell.currentWidget !== panel || !app.commands.isEnabled('notebook:run-all-cells')) {
    await new Promise(requestAnimationFrame);
  }
}"""
_BEGIN_TO_OPEN = """async path => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute('docmanager:open', { path });
  await panel.context.ready;
}"""
HAS_LOADED = """name => performance.getEntriesByType('resource').some(
  one => one.name.includes(name) && one.responseEnd
)"""
_HAS_RUN = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.model.toJSON().cells.filter(cell => cell.cell_type === 'code');
  const failed = cells.some(cell => cell.outputs.some(one => one.output_type === 'error'));
  return panel.sessionContext.session.kernel.status === 'idle'
    && (failed || cells[cells.length - 1].execution_count === cells.length);
}"""
HAS_REPLIED = """() => window.jupyterapp.shell.currentWidget.model.toJSON().cells.some(
  cell => cell.source.includes('.ehlo()') && cell.execution_count && cell.outputs.length
)"""
_WRITE = """async source => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.model.cells.get(1).sharedModel.setSource(source);
  await panel.context.save();
}"""
_RUN_ONE = """source => {
  const app = window.jupyterapp;
  const { content } = app.shell.currentWidget;
  content.activeCellIndex = 1;
  content.activeCell.model.sharedModel.setSource(source);
  content.activeCell.model.clearExecution();
  app.commands.execute('notebook:run-cell');
}"""
_HAS_PRINTED = """() => {
  const [, cell] = window.jupyterapp.shell.currentWidget.model.toJSON().cells;
  return cell.outputs.length ? cell : null;
}"""
_DOWNLOAD = "() => { window.jupyterapp.commands.execute('docmanager:download'); }"
_CELLS = "() => window.jupyterapp.shell.currentWidget.model.toJSON().cells"
_CLOSE = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.sessionContext.shutdown();
  panel.context.model.dirty = false;  // else it is asked what to do with the changes
  panel.close();
}"""


def open_site(page, url: str) -> None:
    """JupyterLab with no notebook open."""
    page.set_default_timeout(START_LIMIT)
    page.goto(f"{url}/lab/index.html")
    page.wait_for_function(_BEGUN)


def open_notebook(page, name: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.evaluate(_OPEN, name)


def begin_to_open(page, name: str) -> None:
    """Open a notebook, and wait until it asks for a kernel."""
    page.evaluate(_BEGIN_TO_OPEN, name)


def run_notebook(page, name: str) -> list[dict]:
    """Open a notebook, run all cells, close it: its cells, with what they show."""
    open_notebook(page, name)
    page.evaluate(RUN_ALL)
    page.wait_for_function(_HAS_RUN, timeout=RUN_LIMIT)
    cells = cells_of(page)
    page.evaluate(_CLOSE)
    return cells


def first_reply(page, url: str) -> None:
    """Open lesson 00 by its link, as a reader does, and run it until a server has replied."""
    page.set_default_timeout(START_LIMIT)
    page.goto(f"{url}/lab/index.html?path=00-start-here.ipynb")
    page.wait_for_function(_BEGUN)
    page.evaluate(_OPEN, "00-start-here.ipynb")
    page.evaluate(RUN_ALL)
    page.wait_for_function(HAS_REPLIED)


def write_cell(page, source: str) -> None:
    """Change the second cell of the notebook in front, and save."""
    page.evaluate(_WRITE, source)


def printed_by(page, code: str) -> str:
    """What the second cell of the notebook in front prints, with this code in it."""
    page.evaluate(_RUN_ONE, code)
    return text_of(page.wait_for_function(_HAS_PRINTED).json_value())


def download(page) -> dict:
    """What the browser gets for File, Download in the menu."""
    with page.expect_download() as awaited:
        page.evaluate(_DOWNLOAD)
    return json.loads(awaited.value.path().read_text("utf-8"))


def cells_of(page) -> list[dict]:
    """The cells of the notebook in front, as it would be stored."""
    return page.evaluate(_CELLS)


def text_of(cell) -> str:
    """What a cell printed and what its last line is, as text."""
    texts = []
    for output in cell["outputs"]:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        texts.append(text if isinstance(text, str) else "".join(text))
    return "".join(texts).replace("\r", "").strip()


def evidence_in(cell) -> str:
    """The text of what a cell shows because there is no TLS; empty if it shows nothing so."""
    shown = [one["data"] for one in cell["outputs"] if one["output_type"] == "display_data"]
    texts = ["".join(data.get("text/plain", "")) for data in shown]
    return "".join(text for text in texts if text.startswith(NO_TLS)).replace("\r", "").strip()


# A server that has TLS offers STARTTLS and listens on 465; one that has none offers AUTH on 587 at
# once. Nothing else may differ in a cell that does not need TLS.
_OFFERED = re.compile(r"^.*(250-STARTTLS|250-AUTH PLAIN LOGIN|^STARTTLS$).*\n?", re.MULTILINE)
_COUNTED = re.compile(r"\(\+\d+ lines\)|offers \d+ extensions")
_LISTED = re.compile(r"\S+ : 465, ")
_LEGAL_NEXT = re.compile(r"Legal next:[^.]*?((?=\n\S)|\n\n|\Z)", re.MULTILINE)


def beside_tls(text: str) -> str:
    """A text without what a server offers only where TLS is there, or only where it is not."""
    for differing in (_OFFERED, _COUNTED, _LISTED, _LEGAL_NEXT):
        text = differing.sub("", text)
    return text
