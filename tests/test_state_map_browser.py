"""The state map and the console's drawer in a real browser: pressed, by keyboard, in each theme."""

import pytest

from tests.lab_pages import cut_off
from tests.uses import widen

pytestmark = pytest.mark.browser
pytest.importorskip("nbformat")

MAP = """from smtplab import Console, Sandbox, StateMap
sandbox = Sandbox().start()
states = StateMap(sandbox)
states"""
CONSOLE = """from smtplab import Console, Sandbox
console = Console(Sandbox().start())
console"""


# Which picture is shown, how far it scrolls, and the words that are small or outside of it.
_PICTURE = """() => {
  const map = document.querySelector('.smtplab-map'), frame = map.getBoundingClientRect();
  const shown = [...map.querySelectorAll('svg[role]')].filter(one => one.checkVisibility());
  const wrong = [...shown[0].querySelectorAll('text')].filter(one => {
    const at = one.getBoundingClientRect(), scale = shown[0].getScreenCTM().a;
    return 12 * scale < 11 || at.left < frame.left || at.right > frame.right;
  });
  return [
    shown.map(one => one.getAttribute('class')), map.scrollWidth - map.clientWidth,
    wrong.map(one => one.textContent),
  ];
}"""


def expect(page, selector, text):
    page.locator(selector, has_text=text).first.wait_for()


def test_a_walk_through_the_states_by_mouse_and_keyboard(lab_page, pictures, axe):
    page = lab_page(MAP)
    card = page.locator(".smtplab-states").first
    card.wait_for()

    def press(name, way):
        card.get_by_role("button", name=name, exact=True).click()
        expect(page, ".smtplab-states li", way)

    for verb, way in (
        ("EHLO", "EHLO, reply 250: to READY"),
        ("STARTTLS", "STARTTLS, reply 220: to GREETED"),
        ("EHLO", "EHLO, reply 250: to READY"),
        ("AUTH", "AUTH, reply 235: stays in READY"),
        ("MAIL", "MAIL, reply 250: to MAIL"),
        ("RCPT", "RCPT, reply 250: to RCPT"),
        ("MAIL", "MAIL, reply 503: stays in RCPT"),
    ):
        press(verb, way)
    pictures(page, ".smtplab-states", "states")
    assert axe(page, ".smtplab-states") == []
    for width in (460, 700, 1280):
        page.set_viewport_size({"width": width, "height": 1200})
        assert cut_off(page, ".smtplab-states") == [], width
    for wide, way in ((460, "down"), (690, "down"), (1000, "across")):
        widen(page, ".smtplab-states", wide)
        assert page.evaluate(_PICTURE) == [[f"smtplab-{way}"], 0, []], wide
    card.get_by_role("button", name="DATA", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page, ".smtplab-states li", "DATA, reply 354: to DATA")
    card.get_by_role("button", name="Send content", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page, ".smtplab-states li", "end-of-data, reply 250: to READY")
    press("BDAT", "BDAT LAST, reply")
    for verb in ("HELO", "RSET", "NOOP", "VRFY", "EXPN", "HELP"):
        press(verb, f"{verb}, reply")
    card.locator("summary").click()
    press("QUIT", "QUIT, reply 221: to CLOSED")
    press("Start over", "greeting, reply 220: to GREETED")
    page.reload()
    page.wait_for_function("() => window.jupyterapp !== undefined")


def test_the_drawer_of_the_console_by_mouse_and_keyboard(lab_page, pictures, axe):
    page = lab_page(CONSOLE)
    card = page.locator(".smtplab-console").first
    card.wait_for()

    def press(name):
        card.get_by_role("button", name=name, exact=True).click()

    press("More")
    card.locator("select").select_option("Sign in and send on 587")
    press("Connect and begin")
    expect(page, ".smtplab-drawer", "Next: EHLO laptop.example.org")
    for number in range(1, 7):
        card.get_by_role("button", name="Next line", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page, ".smtplab-drawer", f"line {number + 1} of 9")
    press("Both ends")
    press("Take a line apart")
    expect(page, ".smtplab-tokens", "Forward-path")
    pictures(page, ".smtplab-console", "drawer")
    assert axe(page, ".smtplab-console") == []
    for width in (460, 700, 1280):
        page.set_viewport_size({"width": width, "height": 1400})
        assert cut_off(page, ".smtplab-console") == [], width
    press("Run the rest")
    expect(page, ".smtplab-drawer", "at its end")
    press("CR LF and dots")
    page.wait_for_function("() => !document.querySelector('.smtplab-console.smtplab-marks')")
    press("Undo the last step")
    expect(page, ".smtplab-notice", "Taken back: the line 'QUIT'")
