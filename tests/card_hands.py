"""Presses and reads one card in a browser, by mouse and by keyboard."""

from tests.browser import READY, close_file_browser
from tests.every_card import CASES
from tests.lab_pages import cut_off, logged

WIDTHS = (460, 700, 1280)
TALL = 4000  # pixels, so that a picture holds the whole card

_SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"


class Card:
    """The first card of a class on the page."""

    def __init__(self, page, selector):
        self.page, self.selector = page, selector
        self.root = page.locator(selector).first
        self.root.wait_for()
        self.page.set_viewport_size({"width": 1280, "height": TALL})

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def press(self, name):
        self.button(name).click()

    def press_by_key(self, name):
        """Tab leads to it, and Space presses it; no mouse."""
        for _ in range(200):
            if self.page.evaluate("() => document.activeElement.textContent") == name:
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"Tab never came to {name!r}")
        self.page.keyboard.press("Space")

    def choose(self, label, option):
        self.root.get_by_label(label, exact=True).select_option(label=option)

    def expect(self, text):
        self.root.get_by_text(text).first.wait_for(state="attached")

    def unfold(self, summary):
        """Open every fold with this summary."""
        for one in self.root.locator("summary", has_text=summary).all():
            one.click()

    def cut_off_at_each_width(self, folder, name):
        """What is cut off, by width; a picture of each is kept in `folder`, if there is one."""
        found = {}
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": TALL})
            close_file_browser(self.page)
            found[width] = cut_off(self.page, self.selector)
            if folder:
                self.root.screenshot(path=f"{folder}/{name}-{width}.png")
        return {width: elements for width, elements in found.items() if elements}

    def reload(self):
        """Save, load the page again, and come back to the living card."""
        self.page.evaluate(_SAVE)
        self.page.reload()
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate(READY)
        close_file_browser(self.page)
        self.root.wait_for()


class Hands:
    """Presses by name and waits for the words that come."""

    def __init__(self, page, selector: str) -> None:
        self.page, self.card = page, page.locator(selector).first
        self.card.wait_for()

    def press(self, name: str, expected: str) -> None:
        self.card.get_by_role("button", name=name, exact=True).click()
        self.expect(expected)

    def expect(self, text: str) -> None:
        """The words in sight; the same ones may also stand folded away, further up."""
        self.card.get_by_text(text).locator("visible=true").first.wait_for()


def press_each(page):
    """Press the button of every card; each says what it must, and nothing is logged."""
    for case in CASES:
        card = page.locator(case.selector)
        card.wait_for(state="attached")
        card.evaluate("element => element.scrollIntoView()")
        card.get_by_role("button", name=case.press, exact=True).first.click()
        page.locator(case.selector, has_text=case.says).wait_for()
        assert page.get_by_text("A fault inside smtplab").count() == 0, case.name
        assert logged(page) == "", case.name
