"""The group `sound`: how fast, how small and how prompt the box hears."""

import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import box, sounds
from benchmarks.chain import Chain, bare_invoke, load_model, share_passed
from benchmarks.listener import listen
from benchmarks.measure import Group, Measured
from benchmarks.timing import always, in_turns, median_ms, median_ratio, timed
from benchmarks.usual_stack import all_threads_ms, librosa_log_mel, size_of, usual_stack
from edged.messages.sound import Span, Window
from edged.pipelines.drones import DronesConfig, check_fit
from edged.sources.recording import Recording, RecordingConfig
from edged.stages import compute_log_mel
from edged.stages.filter_harmonics import FilterHarmonics

GROUP = Group("sound")
ROUNDS = 1000
LISTEN_S = 60.0
BARE = "import numpy, ai_edge_litert.interpreter"
"""The least that any box with a model imports."""


@contextmanager
def listening_box() -> Iterator[box.Running]:
    """A box with one source and a broker, ready."""
    with tempfile.TemporaryDirectory() as name, box.broker(Path(name)) as port:
        sound = Path(name) / "visits.flac"
        sounds.write_visits(sound, seed=0, quiet_s=2.5)
        with box.running(box.write_config(Path(name), {"field": sound}, port)) as running:
            yield running


@GROUP.measure("ms")
def chain_vs_invoke() -> Measured:
    """The whole chain on a window that passes; the limit is 1.5 times the model's bare invoke() plus 1 ms."""
    model = load_model()
    chain_s, invoke_s = in_turns(ROUNDS, Chain(model, sounds.drone()).step, always(bare_invoke(model)))
    limit_ms = 1.5 * median_ms(invoke_s) + 1.0
    return Measured(
        median_ms(chain_s), f"bare invoke {median_ms(invoke_s):.3f} ms; limit 1.5 x invoke + 1 ms", limit_ms
    )


@GROUP.measure("x faster", at_least=10.0)
def chain_vs_usual_stack() -> Measured:
    """The whole chain on a window that passes, against librosa and a PyTorch CNN on a window."""
    model = load_model()
    ours = size_of(model)
    score, theirs = usual_stack(ours, len(model.card.labels))
    unpinned_ms = all_threads_ms(ours, len(model.card.labels))
    window = sounds.window(sounds.drone())
    chain_s, usual_s = in_turns(ROUNDS // 4, Chain(model, sounds.drone()).step, always(lambda: score(window)))
    return Measured(
        median_ratio(usual_s, chain_s),
        f"librosa + torch {median_ms(usual_s):.2f} ms ({theirs}), with their own threads {unpinned_ms:.2f} ms; "
        f"ours {median_ms(chain_s):.3f} ms ({ours})",
    )


@GROUP.measure("of a passing one", at_most=0.20)
def spared_window() -> Measured:
    """What a window of background costs that the gate spares, against one that it passes."""
    model = load_model()
    spared_s, passed_s = in_turns(ROUNDS, Chain(model, sounds.wind()).step_spared, Chain(model, sounds.drone()).step)
    return Measured(
        median_ratio(spared_s, passed_s), f"spared {median_ms(spared_s):.3f} ms, passed {median_ms(passed_s):.3f} ms"
    )


@GROUP.measure("ms", at_most=1.0)
def gate() -> Measured:
    """The gate alone, on a window that it passes."""
    window = Window(sounds.window(sounds.drone()), Span(0.0, 1.0))
    stage = FilterHarmonics(DronesConfig().harmonics)
    frames = window.samples.reshape(-1, 1000)
    gate_s, transform_s = in_turns(ROUNDS, always(lambda: stage(window)), always(lambda: np.fft.rfft(frames)))
    return Measured(median_ms(gate_s), f"numpy's FFT of the same second in 16 frames {median_ms(transform_s):.3f} ms")


@GROUP.measure("ms")
def log_mel() -> Measured:
    """Log-mel alone; it must not be slower than librosa's of the same shape."""
    config = check_fit("drones", DronesConfig(), load_model())
    frame, hop = round(config.frame_s * config.rate_hz), round(config.hop_s * config.rate_hz)
    theirs = librosa_log_mel(config.rate_hz, frame, hop, config.fft, config.bands)
    window = sounds.window(sounds.drone())
    ours_s, theirs_s = in_turns(
        ROUNDS, always(lambda: compute_log_mel.log_mel(window, config)), always(lambda: theirs(window))
    )
    return Measured(median_ms(ours_s), f"librosa {median_ms(theirs_s):.2f} ms", median_ms(theirs_s))


@GROUP.measure("s", at_most=15.0)
def replay_30_min() -> Measured:
    """`edged replay` of 30 minutes with a drone heard half of the time, the process's start included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fly_overs.flac"
        sounds.write_fly_overs(path, 30)
        replayed_s, events = timed(lambda: box.replay(path))
        read_s, _ = timed(lambda: deque(Recording(RecordingConfig(path=path, realtime=False)), maxlen=0))
    share = share_passed(sounds.fly_overs(), DronesConfig())
    return Measured(replayed_s, f"reading the file alone {read_s:.2f} s; gate passed {share:.0%}, {events} events")


@GROUP.measure("s", at_most=0.5)
def to_broker_p95() -> Measured:
    """From the end of the window that showed it to its `start` at a subscriber, p95, four recordings at once."""
    with tempfile.TemporaryDirectory() as name, box.broker(Path(name)) as port:
        visits = {f"visits-{seed}": Path(name) / f"{seed}.flac" for seed in range(4)}
        for seed, path in enumerate(visits.values()):
            sounds.write_visits(path, seed, quiet_s=2.5 + 0.13 * seed)
        with box.running(box.write_config(Path(name), visits, port)):
            delays = listen(port, LISTEN_S)
    starts, bare = np.array(delays.starts_s), np.array(delays.bare_s)
    found = f"{len(starts)} starts, median {np.median(starts):.3f} s"
    return Measured(float(np.quantile(starts, 0.95)), f"bare publish p95 {np.quantile(bare, 0.95):.4f} s; {found}")


@GROUP.measure("MB", at_most=120.0)
def rss() -> Measured:
    """Resident memory of a box that has listened for 20 s."""
    command = (sys.executable, "-c", f"{BARE}; input()")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as python:
        time.sleep(3.0)
        bare_mb = box.resident_mb(python.pid)
        python.communicate(b"\n")
    with listening_box() as running:
        time.sleep(20.0)
        return Measured(box.resident_mb(running.pid), f"Python with numpy and LiteRT {bare_mb:.1f} MB")


@GROUP.measure("s", at_most=1.5)
def ready() -> Measured:
    """From the start of the process to its `ready`, median of 5."""
    box_s, bare_s = [], []
    for _ in range(5):
        with listening_box() as running:
            box_s.append(running.ready_s)
        bare_s.append(timed(lambda: subprocess.run((sys.executable, "-c", BARE), check=True))[0])
    return Measured(median(box_s), f"Python that imports numpy and LiteRT {median(bare_s):.2f} s")
