"""Streams: the judge of the system must itself be right."""

from itertools import pairwise

import numpy as np
import pytest

from edged.messages.event import Event, ModelUse, Phase
from edged.stages.smooth_scores import SmoothingConfig
from edged.training import streams
from edged.training.streams import FlyOver, Stream
from tests.training.recordings import recording

BACKGROUNDS = [recording(f"b{n}", "background", "indoor", seconds=5) for n in range(4)]
DRONES = [recording(f"d{n}", "drone", "outdoor", seconds=10) for n in range(3)]


def made(snrs_db: tuple[float, ...]) -> Stream:
    return streams.make_stream(BACKGROUNDS, DRONES, 120.0, snrs_db, np.random.default_rng(2))


def event(phase: Phase, start_s: float, end_s: float, observed_s: float) -> Event:
    return Event("", "drones", phase, "drone", 0.9, start_s, end_s, observed_s, 0.0, ModelUse("", "", ""))


def test_without_snrs_a_stream_is_background_alone() -> None:
    """It has the length that was asked for and no fly-overs."""
    stream = made(())
    assert stream.samples.size == 120 * 16000
    assert stream.fly_overs == ()


def test_fly_overs_come_at_each_snr_in_turn_and_inside_the_stream() -> None:
    """Three in two minutes, one at each SNR, none before the stream begins or after it ends."""
    fly_overs = made((10.0, 5.0, 0.0)).fly_overs
    assert [fly.snr_db for fly in fly_overs] == [10.0, 5.0, 0.0]
    assert all(0 < fly.start_s < fly.end_s < 120 for fly in fly_overs)
    assert all(before.end_s < after.start_s for before, after in pairwise(fly_overs))


@pytest.mark.parametrize("snr_db", [10.0, 0.0])
def test_a_fly_over_has_its_snr_over_the_time_that_it_is_there(snr_db: float) -> None:
    """What a fly-over adds to the background has the power that its SNR says."""
    silent, flown = made(()), made((snr_db,))
    for fly in flown.fly_overs:
        there = slice(int(fly.start_s * 16000), int(fly.end_s * 16000))
        background = silent.samples[there]
        added = flown.samples[there] - background
        assert 10 * np.log10(np.mean(added**2) / np.mean(background**2)) == pytest.approx(snr_db, abs=0.5)


def test_events_are_judged_by_overlap() -> None:
    """One fly-over found after 0.75 s, one missed, and one event where nothing flew."""
    stream = Stream(np.zeros(3600 * 16000, np.float32), (FlyOver(10, 15, 5.0), FlyOver(50, 55, 5.0)))
    events = [
        event(Phase.START, 9.5, 10.5, 10.75),
        event(Phase.END, 9.5, 15.0, 17.0),
        event(Phase.START, 90.0, 91.0, 91.0),
        event(Phase.END, 90.0, 91.0, 93.0),
    ]
    verdict = streams.judge(events, stream)
    assert verdict.found == {5.0: (1, 2)}
    assert verdict.delays_s == {5.0: [0.75]}
    assert (verdict.false_events, verdict.hours) == (1, 1.0)


def test_windows_that_are_not_known_do_not_vote() -> None:
    """Scores that would be an event are none when RejectUnknown drops them."""
    scores = np.tile([0.02, 0.98], (40, 1))
    config = SmoothingConfig()
    assert streams.events(scores, ("background", "drone"), config)
    assert not streams.events(scores, ("background", "drone"), config, np.zeros(40, bool))
