"""Reading a folder of labelled windows: any sound file will do, and every fault is one clear line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.errors import RecordingError
from edged.evaluation.windows import FolderError, is_drone, read_windows

HEADER = "file,start_sample,valid_samples,label,recording\n"
RANDOM = np.random.default_rng(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "a.wav", 0.1 * RANDOM.standard_normal(40000), 16000)
    return tmp_path


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "windows.csv").write_text(header + "".join(row + "\n" for row in rows), encoding="utf-8")
    return folder


def test_a_window_is_one_second_and_zero_beyond_what_is_valid(folder: Path) -> None:
    """Samples beyond ``valid_samples`` are zero, whatever the file has there."""
    (window,) = read_windows(table(folder, "a.wav,8000,12000,bebop,r1"))
    sound, _ = soundfile.read(folder / "a.wav", dtype="float32")
    assert np.array_equal(window.samples[:12000], sound[8000:20000])
    assert not window.samples[12000:].any()
    assert (window.label, window.recording, window.valid_samples) == ("bebop", "r1", 12000)


def test_a_file_that_ends_early_is_padded(folder: Path) -> None:
    """What the file lacks counts as not valid."""
    (window,) = read_windows(table(folder, "a.wav,32000,16000,bebop,r1"))
    assert window.valid_samples == 8000
    assert not window.samples[8000:].any()


@pytest.mark.parametrize(("rate_hz", "channels"), [(44100, 2), (8000, 1), (48000, 8)])
def test_any_rate_and_number_of_channels_will_do(rate_hz: int, channels: int, tmp_path: Path) -> None:
    """A tone of 440 Hz is one of 440 Hz at 16 kHz mono too."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate_hz) / rate_hz)
    soundfile.write(tmp_path / "t.flac", np.repeat(tone[:, None], channels, axis=1), rate_hz)
    (window,) = read_windows(table(tmp_path, "t.flac,8000,16000,background,r"))
    assert np.argmax(np.abs(np.fft.rfft(window.samples))) == 440
    assert np.abs(window.samples).max() == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize("label", ["esc_0", "esc_49", "background", "helicopter", "white_noise", "doing_the_dishes"])
def test_these_are_not_drones(label: str) -> None:
    """ESC-50's classes, backgrounds, helicopters and noises."""
    assert not is_drone(label)


@pytest.mark.parametrize("label", ["bebop", "membo", "drone", "quadcopter"])
def test_everything_else_is_a_drone(label: str) -> None:
    """Any label that is not on the list names a drone."""
    assert is_drone(label)


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ([], HEADER, r"windows\.csv: no windows"),
        (["a.wav,0,1"], "file,start_sample,valid_samples\n", r"windows\.csv:1: no column label, recording"),
        (["a.wav,0,16000,bebop,r", "a.wav,x,16000,bebop,r"], HEADER, r"windows\.csv:3: start_sample: 'x', must be"),
        (["a.wav,-5,16000,bebop,r"], HEADER, r"windows\.csv:2: start_sample: '-5', must be"),
        (["a.wav,0,1e4,bebop,r"], HEADER, r"windows\.csv:2: valid_samples: '1e4', must be"),
        (["a.wav,0,16000,,r"], HEADER, r"windows\.csv:2: label is empty"),
        (["b.wav,0,16000,bebop,r"], HEADER, r"windows\.csv:2: file: 'b\.wav', no such file"),
        (["a.wav,90000,16000,bebop,r"], HEADER, r"windows\.csv:2: start_sample: 90000 .* has 40000 samples"),
        (["a.wav,0,0,bebop,r"], HEADER, r"windows\.csv:2: .*valid_samples: 0"),
    ],
)
def test_a_fault_is_one_line_with_file_line_value_and_remedy(
    rows: list[str], header: str, message: str, folder: Path
) -> None:
    """Whoever reads it knows what to change and where."""
    with pytest.raises(FolderError, match=message) as fault:
        list(read_windows(table(folder, *rows, header=header)))
    assert "\n" not in str(fault.value)


def test_a_folder_without_a_table_says_what_it_needs(tmp_path: Path) -> None:
    """The message names the missing file and its columns."""
    with pytest.raises(FolderError, match=r"windows\.csv: no such file.*start_sample"):
        list(read_windows(tmp_path))


def test_a_table_that_is_not_text_is_one_line(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are a fault of the folder, not a traceback."""
    (tmp_path / "windows.csv").write_bytes(b"\xff\xfe\x00\x01" * 9)
    with pytest.raises(FolderError, match="not a CSV table"):
        list(read_windows(tmp_path))


def test_a_sound_file_that_is_none_is_one_line(folder: Path) -> None:
    """The message names the file."""
    (folder / "broken.wav").write_bytes(b"RIFF no sound")
    with pytest.raises(RecordingError, match=r"broken\.wav: is no sound"):
        list(read_windows(table(folder, "broken.wav,0,16000,bebop,r")))
