"""The group `sound`: how fast, how small and how prompt the box hears."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks import box, sounds
from benchmarks.chain import Chain, bare_invoke, load_model
from benchmarks.measure import Group, Measured
from benchmarks.timing import always, in_turns, median_ms, median_ratio
from benchmarks.usual_stack import librosa_log_mel, size_of, usual_stack
from edged.messages.sound import Span, Window
from edged.pipelines import DronesConfig, check_fit
from edged.stages.compute_log_mel import log_mel
from edged.stages.filter_harmonics import FilterHarmonics

GROUP = Group("sound")
ROUNDS = 1000
MINUTES = 30
STARTS_FOR_S = 60.0
"""How long the delay to the broker is watched; four recordings are heard at once."""
RSS_AFTER_S = 20.0
READY_TIMES = 5
BARE = "import numpy, ai_edge_litert.interpreter as runtime"
"""The least that any box with a model must import."""


@GROUP.measure("ms")
def chain_vs_invoke() -> Measured:
    """The whole chain on a window that passes; the limit is 1.5 times the model's bare invoke() plus 1 ms."""
    model = load_model()
    chain_s, invoke_s = in_turns(ROUNDS, Chain(model, sounds.drone()).step, always(bare_invoke(model)))
    limit_ms = 1.5 * median_ms(invoke_s) + 1.0
    return Measured(median_ms(chain_s), f"bare invoke {median_ms(invoke_s):.3f} ms; limit 1.5 x invoke + 1 ms", limit_ms)


@GROUP.measure("x faster", at_least=10.0)
def chain_vs_usual_stack() -> Measured:
    """The whole chain on a window that passes, against librosa and a PyTorch CNN on a window."""
    model = load_model()
    ours = size_of(model)
    score, theirs = usual_stack(ours, len(model.card.labels))
    window = sounds.window(sounds.drone())
    chain_s, usual_s = in_turns(ROUNDS // 4, Chain(model, sounds.drone()).step, always(lambda: score(window)))
    return Measured(
        median_ratio(usual_s, chain_s),
        f"librosa + torch {median_ms(usual_s):.2f} ms ({theirs}); ours {median_ms(chain_s):.3f} ms ({ours})",
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
def log_mel_vs_librosa() -> Measured:
    """Log-mel alone; it must not be slower than librosa's of the same shape."""
    config = check_fit("drones", DronesConfig(), load_model())
    frame, hop = round(config.frame_s * config.rate_hz), round(config.hop_s * config.rate_hz)
    theirs = librosa_log_mel(config.rate_hz, frame, hop, config.fft, config.bands)
    window = sounds.window(sounds.drone())
    ours_s, theirs_s = in_turns(ROUNDS, always(lambda: log_mel(window, config)), always(lambda: theirs(window)))
    return Measured(median_ms(ours_s), f"librosa {median_ms(theirs_s):.2f} ms", median_ms(theirs_s))


@GROUP.measure("s", at_most=15.0)
def replay_30_min() -> Measured:
    """`edged replay` of 30 minutes with a drone heard half of the time, the process's start included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fly_overs.flac"
        sounds.write_fly_overs(path, MINUTES)
        began_s = time.perf_counter()
        command = (*box.EDGED, "replay", str(path))
        done = subprocess.run(command, stdout=subprocess.PIPE, env=box.environment(), check=True)
        took_s = time.perf_counter() - began_s
        read_s, share = sounds.read_time_s(path), sounds.share_passed(path, 2.0)
    events = len(done.stdout.splitlines())
    return Measured(took_s, f"reading the file alone {read_s:.2f} s; {events} events, the gate passed {share:.0%}")


@GROUP.measure("s", at_most=0.5)
def to_broker_p95() -> Measured:
    """From the end of the window that showed it to `start` at a subscriber, in real time, p95."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        visits = {f"visits-{seed}": folder / f"{seed}.flac" for seed in range(4)}
        for seed, path in enumerate(visits.values()):
            sounds.write_visits(path, seed, 2.5 + 0.13 * seed)
        with box.broker(folder) as port, Listener(port) as listener:
            with box.box(box.write_config(folder / "edged.yaml", visits, port)):
                listener.listen(STARTS_FOR_S)
    starts_s, echoes_s = listener.starts_s, listener.echoes_s
    return Measured(
        float(np.quantile(starts_s, 0.95)),
        f"bare publish p95 {np.quantile(echoes_s, 0.95):.4f} s; {len(starts_s)} starts, median {np.median(starts_s):.3f} s",
    )


@GROUP.measure("MB", at_most=120.0)
def rss() -> Measured:
    """Resident memory of a box that has listened for 20 s."""
    report = "import psutil; print(psutil.Process().memory_info().rss)"
    bare = subprocess.run((sys.executable, "-c", f"{BARE}; {report}"), stdout=subprocess.PIPE, check=True)
    with listening_box() as running:
        time.sleep(RSS_AFTER_S)
        resident = psutil.Process(running.pid).memory_info().rss
    return Measured(resident / 1e6, f"Python with numpy and LiteRT {int(bare.stdout) / 1e6:.1f} MB")


@GROUP.measure("s", at_most=1.5)
def ready() -> Measured:
    """From the start of the process to its `ready`."""
    box_s, bare_s = in_turns(READY_TIMES, start_and_stop, run_bare)
