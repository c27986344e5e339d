"""Inline: a picture in the terminal itself, where it is one that can. Asked is the environment alone."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from edged.cli.events.page import Image, as_png

KITTY_CHUNK = 4096
"""Characters of base64 in one piece, by the protocol."""
WIDEST_SIXEL_PX = 800
LEVELS = 6
"""Of each colour in sixels: 216 colours, as most terminals have 256 at least."""
_KITTY, _ITERM, _SIXEL = (
    {"xterm-kitty", "xterm-ghostty"},
    {"iTerm.app", "WezTerm", "vscode", "mintty"},
    {"mlterm", "foot"},
)


def encoder(environment: Mapping[str, str] = os.environ) -> Callable[[Image], str] | None:
    """What shows a picture in this terminal; None: nothing does, or what stands between would garble it (tmux)."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if environment.get("TMUX") or term.startswith(("screen", "tmux", "dumb")):
        return None
    if term in _KITTY or "KITTY_WINDOW_ID" in environment or program == "ghostty":
        return lambda page: kitty(as_png(page))
    if program in _ITERM:
        return lambda page: iterm(as_png(page))
    if term.partition("-")[0] in _SIXEL or "sixel" in term:
        return sixel
    return None


def kitty(png: bytes) -> str:
    """Kitty's graphics protocol: the file itself, transmitted and shown."""
    text = b64encode(png).decode()
    pieces = [text[at : at + KITTY_CHUNK] for at in range(0, len(text), KITTY_CHUNK)]
    shown = "".join(
        f"\x1b_G{'a=T,f=100,' if not place else ''}m={int(place < len(pieces) - 1)};{piece}\x1b\\"
        for place, piece in enumerate(pieces)
    )
    return shown + "\n"


def iterm(png: bytes) -> str:
    """iTerm2's: a file as an escape sequence."""
    return f"\x1b]1337;File=inline=1;size={len(png)}:{b64encode(png).decode()}\x07\n"


def sixel(page: Image) -> str:
    """DEC's sixels: bands of six rows, one colour after the other. A wide page is halved."""
    while page.shape[1] > WIDEST_SIXEL_PX:
        page = page[::2, ::2]
    height, width = page.shape[:2]
    levels = np.rint(page.astype(np.float32) / 255 * (LEVELS - 1)).astype(np.int32)
    colours = levels[..., 2] * LEVELS**2 + levels[..., 1] * LEVELS + levels[..., 0]
    bands = "-".join("$".join(_band(colours[top : top + 6])) for top in range(0, height, 6))
    return f'\x1bPq"1;1;{width};{height}{"".join(map(_palette, np.unique(colours)))}{bands}\x1b\\\n'


def _palette(colour: int) -> str:
    red, green, blue = (round(level * 100 / (LEVELS - 1)) for level in _levels(int(colour)))
    return f"#{colour};2;{red};{green};{blue}"


def _levels(colour: int) -> tuple[int, int, int]:
    return colour // LEVELS**2, colour // LEVELS % LEVELS, colour % LEVELS


def _band(rows: NDArray[np.int32]) -> Iterator[str]:
    """A line for each colour: a character for six pixels, bit by bit from the top."""
    weights = 1 << np.arange(len(rows))[:, None]
    for colour in np.unique(rows):
        bits = ((rows == colour) * weights).sum(axis=0)
        yield f"#{colour}" + "".join(_runs(bits + 63))


def _runs(characters: NDArray[np.int64]) -> Iterator[str]:
    """``!<n><character>`` for many of the same."""
    ends = [*np.flatnonzero(np.diff(characters)) + 1, len(characters)]
    for begin, end in zip([0, *ends], ends, strict=False):
        character, length = chr(characters[begin]), int(end - begin)
        yield f"!{length}{character}" if length > 3 else character * length
