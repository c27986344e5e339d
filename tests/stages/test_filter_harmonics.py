"""The gate: what it passes, what it spares, and how it fares on the real recordings."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edged.messages.sound import HarmonicWindow, Samples, Span, Window
from edged.stages.filter_harmonics import FilterHarmonics, HarmonicsConfig
from edged.synthesis import FlyOver, fly_over

RATE_HZ = 16000
TIME_S = np.arange(RATE_HZ) / RATE_HZ
DATA = Path(__file__).parents[2].parent / "shared" / "data"
OUTDOOR = DATA / "DroneDetectionThesis__Drone-detection-dataset" / "audio_16k"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not at {DATA}")


def gate(samples: NDArray[np.floating], config: HarmonicsConfig | None = None) -> list[HarmonicWindow]:
    """What the stage yields for one window."""
    window = Window(samples.astype(np.float32), Span(0.0, len(samples) / RATE_HZ))
    return list(FilterHarmonics(config or HarmonicsConfig())(window))


def passed(windows: list[Samples]) -> float:
    """Share of windows that pass."""
    return float(np.mean([bool(gate(window)) for window in windows]))


def series(f0_hz: float, count: int, roll_off: float = 0.5) -> NDArray[np.float64]:
    """One second of a harmonic series, with noise 30 dB below its first tone."""
    tones = [h**-roll_off * np.sin(2 * np.pi * h * f0_hz * TIME_S + h * h) for h in range(1, count + 1)]
    return np.asarray(0.1 * np.sum(tones, axis=0)) + 0.003 * np.random.default_rng(1).standard_normal(RATE_HZ)


def noises(colour: float, count: int) -> list[Samples]:
    """Windows of noise whose power falls with the frequency to the power of ``colour``."""
    spectra = np.fft.rfft(np.random.default_rng(2).standard_normal((count, RATE_HZ)))
    shaped = np.fft.irfft(spectra / np.maximum(np.arange(RATE_HZ // 2 + 1), 1) ** (colour / 2))
    return list((0.1 * shaped / shaped.std()).astype(np.float32))


def drone_second() -> Samples:
    """The loudest second of a synthetic fly-over."""
    sound = fly_over(FlyOver(duration_s=5.0, quiet_s=0.0, wander=0.002, trim=0.005, blade_pass_hz=200.0, snr_db=20.0))
    return sound[2 * RATE_HZ : 3 * RATE_HZ]


@given(f0_hz=st.floats(100.0, 6000.0), noise_db=st.floats(-80.0, 0.0), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_sine_is_spared(f0_hz: float, noise_db: float, seed: int) -> None:
    """One tone is no series, wherever it lies and however much noise is with it; 4 % pass by chance, 15 % at worst."""
    noise = np.random.default_rng(seed).standard_normal((20, RATE_HZ)) * 10 ** (noise_db / 20)
    windows = [(0.1 * (np.sin(2 * np.pi * f0_hz * TIME_S) + part)).astype(np.float32) for part in noise]
    assert passed(windows) <= 0.5


def test_sine_without_noise_is_spared() -> None:
    """A clean tone has no other harmonics."""
    assert all(not gate(0.5 * np.sin(2 * np.pi * hz * TIME_S)) for hz in (100.0, 440.0, 1000.0, 3000.0))


@pytest.mark.parametrize(("colour", "limit"), [(0.0, 0.03), (1.0, 0.06), (2.0, 0.12)], ids=["white", "pink", "brown"])
def test_noise_is_spared(colour: float, limit: float) -> None:
    """Noise without structure is spared, except a few windows that pass by chance: more where the spectrum is steep."""
    assert passed(noises(colour, 300)) <= limit


@pytest.mark.parametrize("samples", [np.zeros(RATE_HZ), np.full(RATE_HZ, 0.3)], ids=["silence", "DC"])
def test_nothing_is_spared(samples: NDArray[np.float64]) -> None:
    """Digital silence and a constant hold no sound, and are no error."""
    assert not gate(samples)


def test_clicks_are_spared() -> None:
    """What pauses is no rotor: a few short bursts over a far quieter background."""
    noise = np.random.default_rng(3).standard_normal(RATE_HZ)
    envelope = np.where(np.arange(RATE_HZ) % 8000 < 800, 1.0, 0.01)
    assert not gate(noise * envelope)


def test_chirp_is_spared() -> None:
    """One tone that sweeps from band to band is in each of them only for a while."""
    assert not gate(0.1 * np.sin(2 * np.pi * (300 * TIME_S + 2000 * TIME_S**2)))


@pytest.mark.parametrize("f0_hz", [160.0, 200.0, 330.0, 480.0, 620.0])
def test_series_is_passed_with_its_fundamental(f0_hz: float) -> None:
    """A series in the rotors' range passes, with its fundamental (2 %) and its harmonics in the evidence."""
    (found,) = gate(series(f0_hz, 12))
    assert found.harmonics.f0_hz == pytest.approx(f0_hz, rel=0.02)
    assert found.harmonics.count >= 6
    assert found.harmonics.snr_db > 6.0


def test_octaves_are_told_apart() -> None:
    """With weak odd harmonics the fundamental is still not taken for twice itself."""
    (found,) = gate(series(200.0, 24, roll_off=0.3) + series(400.0, 12, roll_off=0.3))
    assert found.harmonics.f0_hz == pytest.approx(200.0, rel=0.02)


def test_range_is_the_config_s() -> None:
    """An engine's series below the rotors' range is held against a series in the range: no such f0 is reported."""
    (found,) = gate(series(40.0, 100), HarmonicsConfig(enabled=False))
    assert 150.0 <= found.harmonics.f0_hz <= 700.0
    (found,) = gate(series(110.0, 20), HarmonicsConfig(f0_min_hz=80.0, low_hz=100.0))
    assert found.harmonics.f0_hz == pytest.approx(110.0, rel=0.02)


def test_synthetic_drone_is_passed() -> None:
    """The loudest second of a fly-over passes with its blade-pass frequency, within Doppler and trim (6 %)."""
    (found,) = gate(drone_second())
    assert found.harmonics.f0_hz == pytest.approx(200.0, rel=0.06)


@given(gain_db=st.floats(-60.0, 0.0), seed=st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_gain_does_not_matter(gain_db: float, seed: int) -> None:
    """The same decision and the same evidence (0.1 dB) from full scale down to a thousandth of it."""
    samples = fly_over(FlyOver(duration_s=1.0, quiet_s=0.0, fade_s=0.1, snr_db=-10.0 + seed, seed=seed, harmonics=10))
    loud, quiet = gate(samples), gate(samples * 10 ** (gain_db / 20))
    assert len(loud) == len(quiet)
    for one, other in zip(loud, quiet, strict=True):
        assert one.harmonics.f0_hz == other.harmonics.f0_hz
        assert one.harmonics.snr_db == pytest.approx(other.harmonics.snr_db, abs=0.1)


@pytest.mark.parametrize("samples", [np.zeros(RATE_HZ), noises(0.0, 1)[0], series(50.0, 3)])
def test_switched_off_it_passes_everything(samples: NDArray[np.floating]) -> None:
    """With ``enabled: false`` every window goes on, with evidence."""
    (found,) = gate(samples, HarmonicsConfig(enabled=False))
    assert found.harmonics.count >= 0


@pytest.mark.parametrize("shape", [(0,), (1000,), (2, RATE_HZ)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    """A window that is too short, or not mono, is a bug of the caller: the message names its shape."""
    with pytest.raises(ValueError, match="window of shape"):
        gate(np.zeros(shape))


def cut(path: Path) -> list[Samples]:
    """A recording's whole seconds."""
    sound, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    return list(sound[: len(sound) // RATE_HZ * RATE_HZ].reshape(-1, RATE_HZ))


def indoor(file: str) -> list[Samples]:
    """The windows of one of the two indoor files."""
    sound, _ = soundfile.read(DATA / "drone" / file, dtype="float32")
    with (DATA / "drone" / "windows.csv").open() as lines:
        starts = [int(row["start_sample"]) for row in csv.DictReader(lines) if row["file"] == file]
    return [sound[start : start + RATE_HZ] for start in starts]


def outdoor(kind: str) -> list[Samples]:
    """The seconds of all outdoor clips of a kind."""
    return [window for path in sorted(OUTDOOR.glob(f"{kind}_*.flac")) for window in cut(path)]


def mixed(drones: list[Samples], others: list[Samples], snr_db: float) -> list[Samples]:
    """Drones with other sounds so much below them, 300 pairs drawn by chance."""
    rng = np.random.default_rng(4)
    audible = [other for other in others if other.std() > 3e-4]
    pairs = [(drones[rng.integers(len(drones))], audible[rng.integers(len(audible))]) for _ in range(300)]
    return [drone + other * drone.std() / other.std() * np.float32(10 ** (-snr_db / 20)) for drone, other in pairs]


@real
def test_real_drones_are_passed() -> None:
    """At least 99 % of the windows with a drone pass: indoor (half of them under an ESC-50 clip) and outdoor."""
    assert passed(indoor("drone.flac")) >= 0.99
    assert passed(outdoor("DRONE")) >= 0.99


@real
@pytest.mark.parametrize("snr_db", [0.0, 5.0, 10.0])
def test_real_drones_in_real_background_are_passed(snr_db: float) -> None:
    """Outdoor drones pass as well with any indoor background as loud as they are."""
    assert passed(mixed(outdoor("DRONE"), indoor("background.flac"), snr_db)) >= 0.99


@real
def test_real_background_is_spared() -> None:
    """At least 30 % of indoor and 12 % of outdoor background never reaches the model."""
    assert passed(indoor("background.flac")) <= 0.70
    assert passed(outdoor("BACKGROUND")) <= 0.88
