"""Pictures in the terminal itself: in one that can, and in no other."""

import base64
import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.cli.events.inline import KITTY_CHUNK, LEVELS, encoder, iterm, kitty, sixel
from edged.cli.events.page import as_png, blank, write


def a_page(width=640, height=100):
    page = blank(width, height)
    write(page, "Zoë: an event", (4, 40), (0, 255, 255), 1.0)
    return page


@pytest.mark.parametrize(
    ("environment", "begins"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b_Ga=T,f=100,"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "\x1b_G"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "\x1b]1337;File=inline=1;"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "\x1b]1337;"),
        ({"TERM": "foot"}, "\x1bPq"),
        ({"TERM": "mlterm-256color"}, "\x1bPq"),
    ],
)
def test_terminals_that_show_pictures_get_them_their_way(environment, begins):
    """By what they say of themselves in the environment."""
    assert encoder(environment)(a_page()).startswith(begins)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"TERM": "dumb"},
        {"TERM": "xterm-256color"},
        {"TERM": "linux"},
        {"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"},
        {"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"},
    ],
)
def test_others_get_none(environment):
    """Nor do those behind tmux, which would garble it."""
    assert encoder(environment) is None


def test_kitty_gets_the_file_in_pieces():
    """Of 4096 characters at most, the last one marked."""
    png = as_png(np.random.default_rng(1).integers(0, 255, (60, 60, 3), np.uint8))
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty(png))
    assert [head.rpartition("m=")[2] for head, _ in pieces] == ["1"] * (len(pieces) - 1) + ["0"]
    assert len(pieces) > 1
    assert max(len(text) for _, text in pieces) <= KITTY_CHUNK
    assert base64.b64decode("".join(text for _, text in pieces)) == png


def test_iterm_gets_the_file_with_its_size():
    """Whole."""
    png = as_png(a_page())
    size, text = re.fullmatch(r"\x1b\]1337;File=inline=1;size=(\d+):(.*)\x07\n", iterm(png)).groups()
    assert (int(size), base64.b64decode(text)) == (len(png), png)


@given(seed=st.integers(0, 99), width=st.integers(1, 40), height=st.integers(1, 20))
def test_sixels_say_what_the_picture_shows(seed, width, height):
    """Each pixel in the nearest of 216 colours."""
    page = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    levels = np.rint(page / 255 * (LEVELS - 1)) / (LEVELS - 1) * 100
    assert np.array_equal(read_sixels(sixel(page)), np.rint(levels)[..., ::-1])


def read_sixels(text):
    """What a terminal shows: red, green, blue in per cent."""
    width, height = map(int, re.match(r'\x1bPq"1;1;(\d+);(\d+)', text).groups())
    picture, palette = np.full((height + 6, width, 3), -1.0), {}
    x = top = colour = 0
    for token in re.findall(r"#\d+;2;\d+;\d+;\d+|#\d+|!\d+[?-~]|[?-~]|\$|-", text.partition(f";{height}")[2][:-3]):
        if token == "-":
            x, top = 0, top + 6
        elif token == "$":
            x = 0
        elif token.startswith("#") and ";" in token:
            number, _, *rgb = map(int, token[1:].split(";"))
            palette[number] = rgb
        elif token.startswith("#"):
            colour = int(token[1:])
        else:
            times, character = (int(token[1:-1]), token[-1]) if token.startswith("!") else (1, token)
            for bit in range(6):
                if (ord(character) - 63) >> bit & 1:
                    picture[top + bit, x : x + times] = palette[colour]
            x += times
    return picture[:height]


def test_wide_pages_are_made_smaller_for_sixels():
    """So that a slow terminal is not busy for seconds."""
    assert sixel(blank(1048, 446)).startswith('\x1bPq"1;1;524;223')


def test_a_page_is_written_on_in_ascii():
    """OpenCV's letters know no others; marks are left off."""
    page = cv2.imdecode(np.frombuffer(as_png(a_page()), np.uint8), cv2.IMREAD_COLOR)
    plain = blank(640, 100)
    write(plain, "Zoe: an event", (4, 40), (0, 255, 255), 1.0)
    assert np.array_equal(page, plain)
    assert page.any()
