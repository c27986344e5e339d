"""The pipeline of sounds: from sound to events, what it refuses, and whom it spares."""

import io

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from edged.errors import ConfigError
from edged.inference.cpu_model import CpuModel
from edged.messages.event import Phase
from edged.pipelines.sounds import SoundsConfig, sounds
from edged.runtime.flow import INTERRUPTION
from edged.runtime.health import Health
from edged.runtime.withheld import Withheld
from edged.sinks.clips.sound_ring import SoundRing
from edged.sinks.clips.without_voice import WithoutVoice
from edged.sources.recording import Recording, RecordingConfig
from tests.sound_events import DATA, EPOCH_S, HearsTones, chunks_of, silence, tone, yamnet

__all__ = ["yamnet"]
GROUPS = {"glass": ["Glass", "Shatter"], "engine": ["Engine"]}


class Heard:
    """What came of some sound."""

    def __init__(self, source, model=None, calibration_db=None, withheld=None, **config):
        self.events, self.levels, self.withheld = [], [], withheld or Withheld()
        part = Health().part("pipelines.sounds")
        sounds(
            "sounds",
            SoundsConfig.model_validate({"groups": GROUPS, **config}),
            source,
            model or HearsTones(),
            part,
            self.events.append,
            withheld=self.withheld,
            say=self.levels.append,
            calibration_db=calibration_db,
        ).run()
        self.counted = part.snapshot().counters
        self.told = [(event.label, event.phase) for event in self.events if event.phase is not Phase.UPDATE]


def test_a_group_of_labels_makes_one_event():
    """Glass that breaks is `Glass`, then `Shatter`: one start and one end, with the labels' scores as evidence."""
    heard = Heard(chunks_of(silence(2), tone("Glass", 1.5), tone("Shatter", 1.5), silence(6)))
    assert heard.told == [("glass", Phase.START), ("glass", Phase.END)]
    start, end = heard.events[0], heard.events[-1]
    assert start.id == end.id
    assert start.start_s == pytest.approx(2.0, abs=0.6)
    assert end.end_s == pytest.approx(5.0, abs=0.8)
    assert start.evidence["Glass"] > 0.4
    assert end.evidence["windows"] > 5
    assert {"compute_features", "classify_events", "smooth_scores"} <= set(start.latency_ms)


def test_groups_are_on_at_the_same_time():
    """Each has its own hysteresis: an engine goes on while glass breaks."""
    engine = tone("Engine", 9, 0.5)
    engine[48000:80000] += tone("Glass", 2, 0.5)
    heard = Heard(chunks_of(engine, silence(5)))
    assert heard.told == [
        ("engine", Phase.START),
        ("glass", Phase.START),
        ("glass", Phase.END),
        ("engine", Phase.END),
    ]


def test_a_group_may_have_a_threshold_and_a_hold_of_its_own():
    """A soft engine is none by default; with a longer hold two stretches are one event."""
    stretches = [tone("Engine", 2, 0.3), silence(5), tone("Engine", 2, 0.3), silence(12)]
    assert Heard(chunks_of(*stretches)).told == []
    one = {**GROUPS, "engine": {"labels": ["Engine"], "threshold": 0.2}}
    assert len(Heard(chunks_of(*stretches), groups=one).told) == 4
    one["engine"]["hold_s"] = 8
    heard = Heard(chunks_of(*stretches), groups=one)
    assert heard.told == [("engine", Phase.START), ("engine", Phase.END)]


def test_one_window_is_enough_where_it_is_sure():
    """A short loud sound; one as short that is not sure is no event."""
    for amplitude, starts in ((0.95, [("glass", Phase.START)]), (0.6, [])):
        sound = [silence(1.95), tone("Glass", 0.975, amplitude), silence(6)]
        assert Heard(chunks_of(*sound), windows={"hop_s": 0.975}).told[:1] == starts


@pytest.mark.parametrize("drop", [False, True])
def test_voice_makes_no_events_and_no_clips(drop):
    """What breaks while somebody talks is not told of; in the sound that clips are cut of there is silence instead."""
    speech = tone("Speech", 3, 0.4)
    speech[16000:35200] += tone("Glass", 1.2, 0.5)
    sound = [silence(3), tone("Engine", 2, 0.9), silence(5), speech, silence(8)]
    withheld = Withheld()
    ring = WithoutVoice(SoundRing(60.0, 16000), lambda: [withheld] if drop else [])
    heard = Heard(_recorded(chunks_of(*sound), ring), privacy={"drop_voice": drop}, withheld=withheld)
    assert heard.told[:2] == [("engine", Phase.START), ("engine", Phase.END)]
    assert (("glass", Phase.START) in heard.told) is not drop
    assert (heard.counted.get("voice_dropped", 0) > 0) is drop
    loud = np.flatnonzero(np.abs(_cut(ring)) > 0.01) / 16000
    assert np.ptp(loud) == pytest.approx(2 if drop else 10, abs=0.05)
    assert loud[0] == pytest.approx(3.0, abs=0.05)


def _cut(ring):
    (file,) = ring.cut(EPOCH_S, EPOCH_S + 21)
    return soundfile.read(io.BytesIO(file.content))[0]


def _recorded(chunks, ring):
    for chunk in chunks:
        ring.add(chunk)
        yield chunk


def test_a_source_that_was_lost_is_heard_again_at_once():
    """It counts its seconds from 0 again: what is on ends, and the same is heard anew."""
    sound = list(chunks_of(tone("Engine", 3)))
    heard = Heard([*sound, INTERRUPTION, *sound])
    assert heard.told == [("engine", Phase.START), ("engine", Phase.END)] * 2
    assert len({event.id for event in heard.events}) == 2


def test_levels_are_told_where_they_are_asked_for():
    """Of a calibrated microphone as sound pressure; by default nothing is measured."""
    sound = list(chunks_of(tone("Glass", 4.2, 0.5)))
    heard = Heard(sound, calibration_db=110.0, level={"enabled": True, "interval_s": 2})
    assert [level.a_weighted_db_spl for level in heard.levels] == pytest.approx([104.0, 104.0], abs=0.2)
    assert Heard(sound).levels == []


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"windows": {"window_s": 1.0}}, r"windows.window_s: 1.0 gives \[16000\], must give what tones takes"),
        ({"windows": {"rate_hz": 8000}}, "windows.rate_hz: 8000, must be 16000: tones was trained so"),
        ({"groups": {"glass": ["Glas"]}}, "groups.glass.labels: 'Glas', must be one of .* did you mean 'Glass'"),
        (
            {"privacy": {"drop_voice": True, "voice_labels": ["Speach"]}},
            "privacy.voice_labels: 'Speach', must be one of",
        ),
        ({"privacy": {"drop_voice": True}, "groups": {"talk": ["Speech"]}}, "groups.talk.labels: 'Speech' is voice"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(config, match):
    """With key, value and remedy, before anything is heard."""
    with pytest.raises(ConfigError, match=f"pipelines.sounds.{match}"):
        Heard([], **config)


def test_voice_must_be_known_where_it_is_to_be_dropped():
    """A model whose card does not say which labels are voice would drop nothing, and nobody would know."""
    silent = HearsTones(parameters={"rate_hz": 16000})
    with pytest.raises(ConfigError, match=r"privacy.voice_labels: null, must name labels"):
        Heard([], silent, privacy={"drop_voice": True})
    Heard([], silent, privacy={"drop_voice": True, "voice_labels": ["Speech"]})


def test_voice_may_be_an_event_where_nobody_asked_to_drop_it():
    """A box that listens for screams, say."""
    heard = Heard(chunks_of(tone("Speech", 3), silence(6)), groups={"voice": ["Speech"]})
    assert heard.told == [("voice", Phase.START), ("voice", Phase.END)]


@pytest.mark.parametrize("groups", [{}, {"glass": []}, {"glass": {"labels": ["Glass"], "treshold": 0.1}}])
def test_groups_are_checked(groups):
    """At least one, each with a label, and no key that nobody knows."""
    with pytest.raises(ValidationError):
        SoundsConfig.model_validate({"groups": groups})


def test_default_groups_and_voice_fit_both_yamnets(yamnet):
    """As they come from the catalogue."""
    for name in ("audio_yamnet", "audio_yamnet_spectra"):
        config = SoundsConfig.model_validate({"privacy": {"drop_voice": True}})
        sounds("sounds", config, [], CpuModel(yamnet / name), Health().part("p")).run()


def test_a_dog_is_heard_and_speech_is_dropped(yamnet):
    """Real recordings, and the model that the configuration has by default."""
    model = CpuModel(yamnet / SoundsConfig().model)
    clips = sorted((DATA / "karoldvl__ESC-10" / "001_dog_bark").glob("*.ogg"))
    speech = DATA / "tensorflow__tflite-support" / "speech.wav"
    dog, spoken = (
        [chunk.samples for chunk in Recording(RecordingConfig(path=path, realtime=False, chunk_s=1.0))]
        for path in (clips[1], speech)
    )
    heard = Heard(
        chunks_of(*dog, silence(6), *spoken, silence(2)), model, groups={"dog": ["Dog", "Bark"]},
        privacy={"drop_voice": True},
    )  # fmt: skip
    assert heard.told == [("dog", Phase.START), ("dog", Phase.END)]
    seconds = sum(map(len, spoken)) / 16000
    marked = sum(until_s - from_s for from_s, until_s in heard.withheld.within(EPOCH_S, EPOCH_S + 60))
    assert marked > seconds
