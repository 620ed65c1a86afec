"""`python -m tests.pictures [FOLDER]`: each widget used to its end in a real JupyterLab, as PNG.

They stand in the documentation, each with few colours, so that they stay small. FOLDER is for a
look at them elsewhere: then there is a second one of each, in the dark.
"""

import sys
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from zlib import compress, crc32

from tests.browser import (
    ROOT,
    chromium,
    close,
    close_file_browser,
    jupyterlab,
    open_and_run,
    use_theme,
)
from tests.lab_pages import KERNEL
from tests.tools import find_tool
from tests.uses import USES, used, widen

PICTURES = ROOT / "docs" / "pages" / "pictures"
COLOURS = 24  # enough for text with soft edges in six accents


def take(page, folder: Path, ending: str = "") -> None:
    """A picture of each card as it stands now."""
    for use in sorted(USES, key=lambda use: use.wide):
        widen(page, use.selector, use.wide)
        file = folder / f"{use.name}{ending}.png"
        for _ in range(5):
            before = page.evaluate(_STILL, use.selector)
            page.locator(use.selector).first.screenshot(path=file)
            if page.evaluate(_STILL, use.selector) == before:
                break
        else:
            raise AssertionError(f"{use.name} does not stay where it is")


# Cards further up take their new height late: then this one moves, and the picture shows another.
_STILL = """async selector => {
  const card = document.querySelector(selector);
  card.scrollIntoView();
  let place = '';
  for (let same = 0; same < 20; same++) {
    await new Promise(requestAnimationFrame);
    const {top, left, width, height} = card.getBoundingClientRect();
    const now = [top, left, width, height].join(' ');
    if (now !== place) [place, same] = [now, 0];
  }
  return place;
}"""


def make_small(browser, folder: Path) -> None:
    """Give each picture a palette of its own; Chromium reads the PNG, so that nothing else must."""
    page = browser.new_page()
    for file in sorted(folder.glob("*.png")):
        source = f"data:image/png;base64,{b64encode(file.read_bytes()).decode()}"
        wide, high, palette, places = page.evaluate(_PALETTE, [source, COLOURS])
        file.write_bytes(png(wide, high, bytes(palette), b64decode(places)))
    page.close()


_PALETTE = """async ([source, colours]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  const keys = new Uint32Array(image.width * image.height), counts = new Map();
  for (let n = 0; n < keys.length; n++) {
    keys[n] = pixels[4 * n] << 16 | pixels[4 * n + 1] << 8 | pixels[4 * n + 2];
    counts.set(keys[n], (counts.get(keys[n]) || 0) + 1);
  }
  const parts = key => [key >> 16, key >> 8 & 255, key & 255];
  const apart = (one, other) => {
    const here = parts(one), there = parts(other);
    return Math.hypot(...here.map((value, n) => value - there[n]));
  };
  // The most frequent ones first, but none that is nearly there already.
  const ranked = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
  const chosen = [];
  for (const key of ranked) {
    if (chosen.length < colours && chosen.every(one => apart(one, key) > 8)) chosen.push(key);
  }
  const nearest = new Map(ranked.map(key => {
    const far = chosen.map(one => apart(one, key));
    return [key, far.indexOf(Math.min(...far))];
  }));
  let places = '';
  for (const key of keys) places += String.fromCharCode(nearest.get(key));
  return [image.width, image.height, chosen.flatMap(parts), btoa(places)];
}"""


def png(wide: int, high: int, palette: bytes, places: bytes) -> bytes:
    """A PNG of one octet a pixel, its place in the palette (RFC 2083, 2.3 and 4.1)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return len(content).to_bytes(4, "big") + whole + crc32(whole).to_bytes(4, "big")

    head = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + bytes((8, 3, 0, 0, 0))
    rows = b"".join(b"\0" + places[n : n + wide] for n in range(0, wide * high, wide))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head) + chunk(b"PLTE", palette)
        + chunk(b"IDAT", compress(rows, 9)) + chunk(b"IEND", b"")
    )  # fmt: skip


def main(folder: Path, in_the_dark: bool) -> None:
    import nbformat  # not above: see `tests.lab_pages.lab_page`
    from nbformat.v4 import new_code_cell, new_notebook

    executable = find_tool("chromium")
    if executable is None:
        raise SystemExit("Chromium is missing (Debian: apt install chromium)")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as notebooks:
        cells = [new_code_cell(use.cell) for use in USES]
        notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
        nbformat.write(notebook, Path(notebooks) / "all.ipynb")
        with jupyterlab(Path(notebooks), Path(home)) as url, chromium(executable) as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 1200})
            open_and_run(page, url.format("all.ipynb"))
            close_file_browser(page)
            used(page)
            page.mouse.move(0, 0)
            page.evaluate("() => document.activeElement.blur()")
            take(page, folder)
            if in_the_dark:
                use_theme(page, "dark")
                take(page, folder, "-dark")
            close(page)
            make_small(browser, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else PICTURES, in_the_dark=bool(sys.argv[1:]))
