"""Pictures from files: whatever lies there is a picture or one line, and nothing hangs or grows without bound."""

import io
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edged.enrolment.pictures import LONGEST_SIDE_PX, PictureError, find_pictures, read_picture


def quarters(width=64, height=48):
    """Red, green over blue, white: so that one can tell which way is up."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = 255, 0, 0
    picture[: height // 2, width // 2 :] = 0, 255, 0
    picture[height // 2 :, : width // 2] = 0, 0, 255
    picture[height // 2 :, width // 2 :] = 255, 255, 255
    return Image.fromarray(picture)


def corners(picture):
    """The colours (red, green, blue) near the four corners, as 0 or 1."""
    height, width = picture.shape[:2]
    places = [(4, 4), (4, width - 5), (height - 5, 4), (height - 5, width - 5)]
    return [tuple(int(level > 127) for level in picture[row, column, ::-1]) for row, column in places]


UPRIGHT = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]


def bomb(width, height):
    """A PNG that says it is huge and holds a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tif", "a.ppm", "a.gif"])
def test_the_usual_formats_are_read_blue_first(name, tmp_path):
    """uint8 (height, width, 3)."""
    quarters().save(tmp_path / name)
    picture = read_picture(tmp_path / name)
    assert picture.shape == (48, 64, 3)
    assert picture.dtype == np.uint8
    assert corners(picture) == UPRIGHT


@pytest.mark.parametrize("mode", ["CMYK", "RGBA", "YCbCr", "P"])
def test_other_colours_become_the_usual_three(mode, tmp_path):
    """CMYK, transparency, palettes."""
    name = tmp_path / ("a.jpg" if mode in {"CMYK", "YCbCr"} else "a.png")
    quarters().convert(mode).save(name)
    assert corners(read_picture(name)) == UPRIGHT


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_grey_of_any_depth_keeps_its_levels(dtype, tmp_path):
    """Half of full is half of 255."""
    half = {np.uint8: 128, np.uint16: 32896, np.int32: 32896}[dtype]
    Image.fromarray(np.full((20, 20), half, dtype)).save(tmp_path / "grey.tif")
    assert np.unique(read_picture(tmp_path / "grey.tif")).tolist() == [128]


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270)],
)
@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_a_picture_that_says_how_it_was_held_is_turned_upright(orientation, turn, mode, tmp_path):
    """EXIF orientation, whatever the colours."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    quarters().transpose(turn).convert(mode).save(tmp_path / "a.jpg", exif=exif)
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.shape == (48, 64, 3)
    expected = UPRIGHT if mode != "L" else [(0, 0, 0), (1, 1, 1), (0, 0, 0), (1, 1, 1)]
    assert corners(picture) == expected


def test_of_an_animation_the_first_frame_counts(tmp_path):
    """The others are not even decoded."""
    later = [Image.new("RGB", (64, 48), colour) for colour in ("black", "yellow")]
    quarters().save(tmp_path / "a.gif", save_all=True, append_images=later)
    assert corners(read_picture(tmp_path / "a.gif")) == UPRIGHT


def test_a_large_picture_is_scaled_down(tmp_path):
    """The longer side to LONGEST_SIDE_PX, in proportion."""
    quarters(4000, 3000).save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg").shape == (LONGEST_SIDE_PX * 3 // 4, LONGEST_SIDE_PX, 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"hello, world\n" * 10, "is no picture"),
        (bomb(10_000, 10_000), "10000 x 10000 pixels, must be at most 50 million"),
        (bomb(60_000, 60_000), "decompression bomb"),
        (bomb(100, 100), "cannot be read"),
    ],
)
def test_what_is_no_picture_or_too_large_is_one_line(content, reason, tmp_path):
    """Its path and why."""
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=reason) as refused:
        read_picture(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.tif"])
def test_a_truncated_file_is_one_line(name, tmp_path):
    """Half a picture is none."""
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PictureError) as refused:
        read_picture(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_what_is_no_file_is_one_line(tmp_path):
    """A folder, a pipe that nobody writes to, nothing at all, a file too long; none of them blocks."""
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "long.jpg").open("wb") as file:
        file.truncate(60_000_000)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, reason in [
        (".", "is a folder"),
        ("pipe", "is a device, pipe or socket"),
        ("nothing.jpg", "No such file"),
        ("long.jpg", "60 MB, must be at most 50"),
        ("loop", "symbolic links"),
    ]:
        with pytest.raises(PictureError, match=reason):
            read_picture(tmp_path / name)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_line(tmp_path):
    """Permission denied."""
    quarters().save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(PictureError, match="Permission denied"):
        read_picture(tmp_path / "a.png")


def test_a_name_that_no_terminal_can_show_stays_one_line(tmp_path):
    """Newlines, escapes and bytes that are no text."""
    path = tmp_path / os.fsdecode(b"a\n\x1b[31m\xff.jpg")
    path.write_bytes(b"")
    with pytest.raises(PictureError) as refused:
        read_picture(path)
    assert str(refused.value).isprintable()


@given(st.data())
def test_a_damaged_file_is_a_picture_or_one_line(data):
    """Never another exception, whatever bytes are hit."""
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM"]))
    target = io.BytesIO()
    quarters(16, 16).save(target, kind)
    content = bytearray(target.getvalue())
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=8)):
        content[at] = value
    with tempfile.NamedTemporaryFile(prefix="edged-damaged-") as file:
        file.write(content)
        file.flush()
        assert picture_or_line(Path(file.name))


def picture_or_line(path):
    try:
        return read_picture(path).ndim == 3
    except PictureError as refused:
        return "\n" not in str(refused)


def test_a_folder_is_walked_in_order_and_only_once(tmp_path):
    """Links are followed, a loop is one line, hidden files are left out."""
    (tmp_path / "b").mkdir()
    (tmp_path / "a").mkdir()
    for name in ("b/2.jpg", "b/1.jpg", "a/3.jpg", "0.jpg", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "b" / "again").symlink_to(tmp_path)
    found = list(find_pictures(tmp_path))
    paths = [str(path.relative_to(tmp_path)) for path in found if isinstance(path, Path)]
    assert paths == ["0.jpg", "a/3.jpg", "b/1.jpg", "b/2.jpg"]
    assert [str(line) for line in found if isinstance(line, PictureError)] == [
        f"{tmp_path}/b/again: leads back to a folder that was looked into already"
    ]


def test_a_folder_that_cannot_be_looked_into_is_one_line(tmp_path):
    """And the rest goes on."""
    assert [str(line) for line in find_pictures(tmp_path / "none")] == [
        f"{tmp_path}/none: cannot be looked into: No such file or directory"
    ]
