"""A learner's hands on a notebook in JupyterLab: Shift+Enter, typing, clicks, and what is seen."""

import re

from tests.browser import READY, Watch
from tests.lab_pages import logged

LIMIT = 180_000  # milliseconds for one step, on a machine that is busy with other things

_OPEN = """async path => {
  const panel = await window.jupyterapp.commands.execute('docmanager:open', {path});
  window.jupyterapp.shell.activateById(panel.id);
}"""
_IS_IN_FRONT = "path => window.jupyterapp.shell.currentWidget?.context?.path === path"
_CLOSE = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.sessionContext.shutdown();
  panel.context.model.dirty = false;
  panel.close();
}"""
_CELLS = "window.jupyterapp.shell.currentWidget.content.widgets"
_CHOOSE = """async ([first, last]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.mode = 'command';
  notebook.deselectAll();
  notebook.activeCellIndex = first;
  notebook.extendContiguousSelectionTo(last);
  await notebook.scrollToItem(last, 'start');
  notebook.node.focus();
}"""
_EDITING = f"""n => {_CELLS}[n].editor?.hasFocus()
  && window.jupyterapp.shell.currentWidget.content.mode === 'edit'"""
_TYPED = f"([n, text]) => {_CELLS}[n].model.sharedModel.getSource() === text"
# A cell's number comes with the kernel's last word on it. After a failure the others do not run.
_HAVE_RUN = f"""([first, last]) => {{
  const cells = {_CELLS}.slice(first, last + 1).map(cell => cell.model);
  const code = cells.filter(model => model.type === 'code');
  return code.every(model => model.executionCount)
    || code.some(model => model.outputs.toJSON().some(output => output.ename));
}}"""
_OUTPUTS = f"""([first, last]) => {_CELLS}.slice(first, last + 1).map(
  cell => cell.model.type === 'code' ? cell.model.outputs.toJSON() : [])"""
_AREA = f"{_CELLS}[n].outputArea.node"
_MARK = f"n => {{ {_AREA}.dataset.hand = n; }}"
_TEXT = f"n => {_AREA}.innerText"
_SAYS = f"([n, text]) => {_AREA}.innerText.includes(text)"
_READS_OTHERWISE = f"([n, text]) => {_AREA}.innerText !== text"


class Notebook:
    """One open notebook; cells are named by their number, prose counted too."""

    def __init__(self, page, watch: Watch, path: str) -> None:
        self.page, self._watch = page, watch
        self._said, self._asked = len(watch.errors), len(watch.outside)
        page.set_default_timeout(LIMIT)
        page.evaluate(_OPEN, path)
        page.wait_for_function(_IS_IN_FRONT, arg=path)
        page.evaluate(READY)

    def run(self, first: int, last: int) -> list[list[dict]]:
        """Select these cells, press Shift+Enter, and give the outputs of each."""
        self.page.evaluate(_CHOOSE, [first, last])
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(_HAVE_RUN, arg=[first, last])
        return self.page.evaluate(_OUTPUTS, [first, last])

    def type(self, number: int, text: str) -> None:
        """Put this into a cell, by the keyboard."""
        keys = self.page.keyboard
        self.page.evaluate(_CHOOSE, [number, number])
        keys.press("Enter")
        self.page.wait_for_function(_EDITING, arg=number)
        keys.press("Control+A")
        keys.insert_text(text)
        self.page.wait_for_function(_TYPED, arg=[number, text])

    def says(self, number: int, text: str) -> None:
        """Wait until this can be read below a cell."""
        self.page.wait_for_function(_SAYS, arg=[number, text])

    def area(self, number: int):
        """What is below a cell, brought into sight: JupyterLab builds no other cells."""
        self.page.evaluate(_CHOOSE, [number, number])
        self.page.evaluate(_MARK, number)
        return self.page.locator(f"[data-hand='{number}']")

    def press(self, number: int, card, button: str) -> None:
        """Click a button of a card, and wait until what is below the cell reads otherwise."""
        one = card.get_by_role("button", name=re.compile(rf"{re.escape(button)}\b")).first
        one.scroll_into_view_if_needed()
        before = self.page.evaluate(_TEXT, number)
        one.click()
        self.page.wait_for_function(_READS_OTHERWISE, arg=[number, before])

    def complaints(self) -> list[str]:
        """What the page's console, the network and the log badge have told since it was opened."""
        errors = self._watch.errors[self._said :]
        return [*errors, *self._watch.outside[self._asked :], *logged(self.page).split()]

    def close(self) -> None:
        """Close it unsaved, and end its kernel."""
        self.page.evaluate(_CLOSE)
