"""Pictures and sound files from anywhere: something to look at or listen to, or one line that says why not."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from hypothesis import given
from PIL import Image

from edged.enrolment.pictures import LONGEST_SIDE_PX, PictureError, read_picture
from edged.errors import RecordingError
from edged.sources.recording import RATES_HZ, duration_s, read_frames
from tests.fuzz.mutating import bounded, damaged, few

MOST_BLOCKS = 2000
WORDS = (
    b"Exif\x00\x00II*\x00",
    b"\xff\xe1",
    b"\xff\xdb",
    b"IHDR",
    b"iCCP",
    b"zTXt",
    b"tRNS",
    b"\x12\x01\x03\x00",
    b"fmt ",
    b"data",
)


def picture(kind: str, **options: object) -> bytes:
    """A small one with everything in it that a phone writes."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a phone"
    target = io.BytesIO()
    image = Image.effect_noise((40, 24), 80).convert("P" if kind == "GIF" else "RGB")
    image.save(target, kind, exif=exif, **options)
    return target.getvalue()


PICTURES = (
    *(picture(kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM")),
    picture("JPEG", progressive=True),
    picture("TIFF", compression="tiff_lzw"),
    picture("PNG", icc_profile=b"\x00" * 200),
)


@few
@given(damaged(PICTURES, WORDS))
def test_a_picture_is_seen_or_refused_in_one_line(tmp_path, content):
    """Whatever its metadata, its tables and its sizes say."""
    path = tmp_path / "x"
    path.write_bytes(content)
    with bounded(PictureError, one_line=True):
        seen = read_picture(path)
        assert seen.dtype == np.uint8
        assert max(seen.shape[:2]) <= LONGEST_SIDE_PX


def sound(kind: str, subtype: str, channels: int = 1) -> bytes:
    """A tenth of a second."""
    target = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.1, (1600, channels))
    soundfile.write(target, noise, 16000, format=kind, subtype=subtype)
    return target.getvalue()


SOUNDS = (
    sound("WAV", "PCM_16"),
    sound("WAV", "FLOAT", 2),
    sound("WAV", "IMA_ADPCM"),
    sound("FLAC", "PCM_16"),
    sound("OGG", "VORBIS"),
    sound("OGG", "OPUS"),
    sound("MP3", "MPEG_LAYER_III"),
    sound("AIFF", "PCM_24"),
    sound("W64", "PCM_16"),
)


@pytest.fixture
def _without_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has none: libsndfile alone reads, in this process."""
    with monkeypatch.context() as here:
        here.setenv("PATH", "/nowhere")
        yield


@pytest.mark.usefixtures("_without_ffmpeg")
@few
@given(damaged(SOUNDS))
def test_a_sound_file_is_heard_or_refused_in_one_line(tmp_path, content):
    """Whatever its header says of length, rate and channels."""
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with bounded(RecordingError, one_line=True):
        duration_s(path)
        for number, (frames, rate_hz) in enumerate(read_frames(path, 0.1)):
            assert frames.dtype == np.float32
            assert frames.ndim == 2
            assert RATES_HZ[0] <= rate_hz <= RATES_HZ[1]
            assert number < MOST_BLOCKS, "it does not end"
