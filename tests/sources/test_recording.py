"""Recording: every format and rate comes as 16 kHz mono; a bad file gives one clear line, never a traceback."""

import os
import shutil
import struct
import subprocess
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.errors import RecordingError
from edged.messages.sound import Chunk
from edged.runtime.health import Health
from edged.sources.input_check import InputCheck, InputCheckConfig
from edged.sources.recording import Recording, RecordingConfig, duration_s

RATE_HZ = 16000
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def tone(rate_hz: int, seconds: float = 2.0, f_hz: float = 1000.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * f_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def chunks(path: Path, **config: object) -> list[Chunk]:
    return list(Recording(RecordingConfig(path=path, **{"realtime": False, **config})))


def samples(path: Path, **config: object) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in chunks(path, **config)])


def until_broken(path: Path) -> tuple[np.ndarray, str]:
    """What can be read of a file, and the error that ends it (empty where it ends without)."""
    read, error = [np.zeros(0, np.float32)], ""
    try:
        for chunk in Recording(RecordingConfig(path=path, realtime=False)):
            read.append(chunk.samples)  # noqa: PERF401  # what came before an error counts
    except RecordingError as fault:
        error = str(fault)
    return np.concatenate(read), error


def loudest_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * RATE_HZ / len(sound))


def wav_header(**changes: int) -> bytes:
    """44 bytes in front of 16-bit PCM, with any field other than it should be."""
    field = {"rate": RATE_HZ, "channels": 1, "bits": 16, "size": 32000} | changes
    block = field["channels"] * field["bits"] // 8
    fmt = (16, 1, field["channels"], field["rate"], field["rate"] * block & 0xFFFFFFFF, block & 0xFFFF, field["bits"])
    riff = struct.pack("<4sI4s4s", b"RIFF", field["size"] + 36 & 0xFFFFFFFF, b"WAVE", b"fmt ")
    return riff + struct.pack("<IHHIIHH", *fmt) + struct.pack("<4sI", b"data", field["size"])


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("x.wav", "PCM_16"),
        ("x.wav", "FLOAT"),
        ("x.wav", "PCM_24"),
        ("x.flac", "PCM_16"),
        ("x.ogg", None),
        ("x.mp3", None),
    ],
)
def test_formats_of_libsndfile_are_read(tmp_path, name, subtype):
    """WAV, FLAC, OGG and MP3 give the sound that was written, at its length."""
    soundfile.write(tmp_path / name, tone(RATE_HZ), RATE_HZ, subtype)
    sound = samples(tmp_path / name)
    assert sound.dtype == np.float32
    assert len(sound) / RATE_HZ == pytest.approx(2.0, abs=0.15 if name == "x.mp3" else 0.001)
    assert loudest_hz(sound) == pytest.approx(1000, abs=1)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.05)


@needs_ffmpeg
@pytest.mark.parametrize("name", ["x.m4a", "x.opus", "x.mka"])
def test_other_formats_are_read_through_ffmpeg(tmp_path, name):
    """What libsndfile does not know comes through ffmpeg, where that is there."""
    soundfile.write(tmp_path / "x.wav", tone(RATE_HZ), RATE_HZ)
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "x.wav", tmp_path / name], check=True)
    sound = samples(tmp_path / name)
    assert len(sound) / RATE_HZ == pytest.approx(2.0, abs=0.15)
    assert loudest_hz(sound[2000:]) == pytest.approx(1000, abs=1)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_channels_are_mixed_to_one(tmp_path, channels):
    """Mono is the mean of all channels."""
    each = np.stack([tone(RATE_HZ, 0.5) * (number + 1) / channels for number in range(channels)], axis=1)
    soundfile.write(tmp_path / "x.wav", each, RATE_HZ, "FLOAT")
    np.testing.assert_allclose(samples(tmp_path / "x.wav"), each.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 48000, 192_000])
def test_any_rate_comes_as_16_khz(tmp_path, rate_hz):
    """The pitch and the length stay, and chunk by chunk equals all in one go: no clicks at the borders."""
    soundfile.write(tmp_path / "x.wav", tone(rate_hz), rate_hz, "FLOAT")
    sound = samples(tmp_path / "x.wav")
    assert len(sound) / RATE_HZ == pytest.approx(2.0, abs=0.003)
    assert loudest_hz(sound) == pytest.approx(1000, abs=1)
    whole = soxr.resample(tone(rate_hz).astype(np.float32), rate_hz, RATE_HZ)
    np.testing.assert_allclose(sound[: len(whole)], whole[: len(sound)], atol=1e-4)


@pytest.mark.parametrize("rate_hz", [16000, 44100])
def test_time_goes_on_from_chunk_to_chunk(tmp_path, rate_hz):
    """Each chunk begins where the one before ended, is as long as its samples say, and has no gap."""
    soundfile.write(tmp_path / "x.wav", tone(rate_hz), rate_hz)
    at_s = 0.0
    for chunk in chunks(tmp_path / "x.wav"):
        assert chunk.span.start_s == pytest.approx(at_s, abs=1e-9)
        assert chunk.span.end_s - chunk.span.start_s == pytest.approx(len(chunk.samples) / RATE_HZ, abs=1e-9)
        assert not chunk.gap
        at_s = chunk.span.end_s
    assert at_s == pytest.approx(2.0, abs=0.003)


def test_a_loop_goes_on_for_ever_on_one_line_of_time(tmp_path):
    """At its end the file begins again, and time goes on."""
    soundfile.write(tmp_path / "x.wav", tone(RATE_HZ, 0.5), RATE_HZ)
    source = Recording(RecordingConfig(path=tmp_path / "x.wav", realtime=False, loop=True)).stream()
    seen = [next(source) for _ in range(15)]
    source.close()
    assert [chunk.span.start_s for chunk in seen] == pytest.approx([0.1 * n for n in range(15)])
    np.testing.assert_array_equal(seen[12].samples, seen[2].samples)


def test_real_time_keeps_the_pace_of_the_sound(tmp_path):
    """A chunk is handed over when its sound is over, and dated by the clock."""
    soundfile.write(tmp_path / "x.wav", tone(RATE_HZ, 0.5), RATE_HZ)
    began, epoch_s = time.monotonic(), time.time()
    for chunk in Recording(RecordingConfig(path=tmp_path / "x.wav", chunk_s=0.05)):
        assert time.monotonic() - began == pytest.approx(chunk.span.end_s, abs=0.15)
        assert chunk.span.epoch_s == pytest.approx(epoch_s, abs=0.2)


@pytest.mark.parametrize(
    "name", ["two\nlines.wav", "-i.wav", "ümläut 𝄞.wav", os.fsdecode(b"not-utf8-\xff.wav"), "%d.wav"]
)
def test_odd_names_are_read(tmp_path, name):
    """A name is only a name, to libsndfile and to ffmpeg."""
    soundfile.write(tmp_path / "x.wav", tone(RATE_HZ, 0.2), RATE_HZ)
    (tmp_path / "x.wav").rename(tmp_path / name)
    assert len(samples(tmp_path / name)) == 3200
    assert duration_s(tmp_path / name) == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["two\nlines.wav", "-i.wav", os.fsdecode(b"not-utf8-\xff.wav"), "x.raw", "x.txt"])
def test_a_broken_file_of_any_name_gives_one_line(tmp_path, name):
    """The message stays on one line and can be printed, whatever is in the name."""
    (tmp_path / name).write_bytes(b"no sound\n" * 100)
    sound, error = until_broken(tmp_path / name)
    assert not len(sound)
    assert error.isprintable()
    assert ": is no sound that libsndfile or ffmpeg can read (" in error or "ffmpeg is not installed" in error
    assert duration_s(tmp_path / name) is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.wav", "missing.wav: no such file"),
        ("folder", "folder: is not a file"),
        ("pipe", "pipe: is not a file"),
        ("empty.wav", "empty.wav: is empty (0 bytes)"),
        ("n" * 300 + ".wav", "cannot be read: File name too long"),
        ("loop.wav", "loop.wav: "),
    ],
)
def test_what_is_no_file_is_named_as_what_it_is(tmp_path, name, message):
    """Missing, a folder, a pipe, empty, an impossible name: each has its own words."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    with pytest.raises(RecordingError) as error:
        chunks(tmp_path / name)
    assert message in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_says_so(tmp_path):
    """A file that we may not read, or in a folder that we may not enter, is one line."""
    (tmp_path / "x.wav").write_bytes(b"x")
    (tmp_path / "x.wav").chmod(0)
    assert "cannot be read: Permission denied" in until_broken(tmp_path / "x.wav")[1]


@pytest.mark.parametrize("rest", [b"", b"\0" * 20000])
@pytest.mark.parametrize(
    "changes", [{"rate": 0}, {"rate": 3_000_000}, {"rate": 1}, {"channels": 65535}, {"channels": 0}]
)
def test_absurd_headers_are_refused(tmp_path, changes, rest):
    """A rate or a number of channels that no recorder has is one error, and costs neither time nor memory."""
    (tmp_path / "x.wav").write_bytes(wav_header(**changes) + rest)
    sound, error = until_broken(tmp_path / "x.wav")
    assert not len(sound)
    assert error.isprintable()
    assert error.startswith(f"{tmp_path}/x.wav: ")


@pytest.mark.parametrize("size", [2**31 - 8, 2**32 - 1, 0])
def test_a_header_that_promises_too_much_gives_what_is_there(tmp_path, size):
    """The header claims 2 GB (or nothing, as recorders do that were cut off): the sound that is there is read."""
    (tmp_path / "x.wav").write_bytes(wav_header(size=size) + b"\1\2" * 16000)
    tracemalloc.start()
    sound, error = until_broken(tmp_path / "x.wav")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6
    if size:
        assert len(sound) == 16000
        assert not error
    else:
        assert len(sound) == 16000 or error


def test_a_file_with_a_header_alone_holds_no_sound(tmp_path):
    """No samples at all is said."""
    soundfile.write(tmp_path / "x.wav", np.zeros(0), RATE_HZ)
    assert until_broken(tmp_path / "x.wav")[1] == f"{tmp_path}/x.wav: holds no sound"


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg", "x.mp3"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_a_truncated_file_gives_its_beginning(tmp_path, name, share):
    """What can be read comes; then a clean end, or one line that says how far it was readable."""
    soundfile.write(tmp_path / name, 0.1 * np.random.default_rng(0).normal(size=96000), RATE_HZ)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    sound, error = until_broken(tmp_path / name)
    assert len(sound) >= (share - 0.2) * 96000
    assert error.isprintable()
    assert not error or "damaged after" in error or "holds no sound" in error or "is no sound" in error


def test_samples_that_are_no_numbers_are_silenced_and_named(tmp_path):
    """NaN and infinite samples become 0, also after resampling, and the condition has a name."""
    sound = tone(44100)
    sound[20000:60000:7], sound[30000:60000:11] = np.nan, np.inf
    soundfile.write(tmp_path / "x.wav", np.stack([sound, sound], axis=1), 44100, "FLOAT")
    health = Health().part("source")
    check = InputCheck(InputCheckConfig(after_s=0.5), health)
    reasons: set[str] = set()
    for chunk in Recording(RecordingConfig(path=tmp_path / "x.wav", realtime=False)):
        assert np.isfinite(check(chunk).samples).all()
        reasons |= {reason.partition(" for ")[0] for reason in health.snapshot().reasons}
    assert "not finite" in reasons


def test_absurdly_loud_samples_cause_no_warning(tmp_path):
    """The largest float32 in every channel is mixed and resampled without overflow reaching the log."""
    soundfile.write(tmp_path / "x.wav", np.full((8000, 8), 3e38), 44100, "FLOAT")
    check = InputCheck(InputCheckConfig(), Health().part("source"))
    for chunk in chunks(tmp_path / "x.wav"):
        assert np.isfinite(check(chunk).samples).all()


def test_a_long_recording_is_read_in_pieces(tmp_path):
    """Memory does not grow with the length of the file."""
    soundfile.write(tmp_path / "x.wav", np.zeros((48000 * 60, 2), np.float32), 48000)
    tracemalloc.start()
    length_s = 0.0
    for chunk in Recording(RecordingConfig(path=tmp_path / "x.wav", realtime=False)):
        length_s = chunk.span.end_s
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length_s == pytest.approx(60, abs=0.01)
    assert peak < 2e6


@needs_ffmpeg
def test_leaving_early_leaves_no_process_behind(tmp_path):
    """Whoever stops reading in the middle ends ffmpeg too."""
    soundfile.write(tmp_path / "x.wav", tone(RATE_HZ, 20), RATE_HZ)
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "x.wav", tmp_path / "x.mka"], check=True)
    source = Recording(RecordingConfig(path=tmp_path / "x.mka", realtime=False)).stream()
    next(source)
    source.close()
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert not [pid for pid in children if "ffmpeg" in Path(f"/proc/{pid}/comm").read_text()]


@pytest.fixture(scope="module")
def valid(tmp_path_factory) -> dict[str, bytes]:
    """A short good file of each kind."""
    folder = tmp_path_factory.mktemp("valid")
    for name in ("x.wav", "x.flac"):
        soundfile.write(folder / name, tone(RATE_HZ, 0.25), RATE_HZ)
    return {name: (folder / name).read_bytes() for name in ("x.wav", "x.flac")}


@pytest.mark.parametrize("name", ["x.wav", "x.flac"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.integers(0, 120), st.integers(0, 255), min_size=1, max_size=6))
def test_a_damaged_header_never_does_worse_than_one_error(tmp_path, valid, name, changes):
    """Whatever stands in the header: sound of bounded length, or one line. No other error, no hang."""
    mutated = bytearray(valid[name])
    for place, value in changes.items():
        mutated[place] = value
    (tmp_path / name).write_bytes(mutated)
    sound, error = until_broken(tmp_path / name)
    assert error.isprintable()
    assert len(sound) < 20 * RATE_HZ
    duration_s(tmp_path / name)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=400))
def test_random_bytes_are_no_sound(tmp_path, content):
    """A file of anything gives one error, or what some decoder takes it for."""
    (tmp_path / "x.bin").write_bytes(content)
    _, error = until_broken(tmp_path / "x.bin")
    assert error.isprintable()
