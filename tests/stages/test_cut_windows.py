"""CutWindows: whatever the chunks' lengths, the windows are the same; none spans a gap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.messages.sound import Chunk, Span
from edged.stages.cut_windows import CutWindows, WindowsConfig

CONFIG = WindowsConfig(window_s=1.0, hop_s=0.25, rate_hz=16)


def chunks_of(lengths, gaps=()):
    """A ramp cut into chunks, so that each sample says where it belongs; a gap jumps 100 samples ahead."""
    at, chunks = 0, []
    for number, length in enumerate(lengths):
        gap = number in gaps
        at += 100 * gap
        samples = np.arange(at, at + length, dtype=np.float32)
        chunks.append(Chunk(samples, Span(at / 16, (at + length) / 16, 5.0), gap))
        at += length
    return chunks


def windows_of(chunks):
    cut = CutWindows(CONFIG)
    return [window for chunk in chunks for window in cut(chunk)]


@given(st.lists(st.integers(0, 50), max_size=30))
def test_windows_do_not_depend_on_how_the_sound_was_chunked(lengths):
    """Every window has the same samples and time as when the sound comes in one piece."""
    got = windows_of(chunks_of(lengths))
    whole = windows_of(chunks_of([sum(lengths)]))
    assert len(got) == len(whole) == max(0, (sum(lengths) - 16) // 4 + 1)
    for ours, theirs in zip(got, whole, strict=True):
        np.testing.assert_array_equal(ours.samples, theirs.samples)
        assert ours.span == theirs.span


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.sets(st.integers(0, 19)))
def test_start_travels_with_the_samples_and_no_window_spans_a_gap(lengths, gaps):
    """A window is one unbroken piece of the source, and its span says which."""
    for window in windows_of(chunks_of(lengths, gaps)):
        assert len(window.samples) == 16
        np.testing.assert_array_equal(window.samples, window.samples[0] + np.arange(16))
        assert window.span.start_s == window.samples[0] / 16
        assert window.span.end_s == window.span.start_s + 1.0
        assert window.span.epoch_s == 5.0


def test_finish_forgets_the_tail():
    """After an interruption a window takes a whole second of new sound."""
    cut = CutWindows(CONFIG)
    first, second = chunks_of([15, 15], gaps={1})
    assert list(cut(first)) == []
    cut.finish()
    assert list(cut(second)) == []


def test_a_hop_beyond_the_window_is_refused():
    """Sound would be skipped."""
    with pytest.raises(ValidationError, match=r"hop_s: 2.0, must not be above window_s \(1.0\)"):
        WindowsConfig(hop_s=2.0)
