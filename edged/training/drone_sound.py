"""Trains the drone sound model: split twins to measure with, then the model that is shipped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.stages import reject_unknown
from edged.stages.compute_log_mel import LogMelConfig
from edged.training import corpus, facts, folds, system, validation
from edged.training.batches import Schedule
from edged.training.card import write_model
from edged.training.corpus import KINDS, Recording
from edged.training.examples import ExampleMaker, Examples, make_pool
from edged.training.scorer import Scorer
from edged.training.system import ScoredStream
from edged.training.validation import Heard

LOG_MEL = LogMelConfig()
"""The features of the model; they go into its card."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much work to do."""

    per_fold: int = 45000
    """Examples made of each fold's recordings."""
    held_out_examples: int = 2000
    steps: int = 6000
    """Training steps of the shipped model."""
    twin_steps: int = 2200
    """Of each split twin: fewer, to save time, so that what the twins tell is rather too low."""
    random_steps: int = 1400
    """Of the twin for the random split."""
    stream_hours: float = 0.5
    """Of background for each twin."""
    fly_overs: int = 60
    """For each twin."""
    seed: int = 1
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that training needs."""

    recordings: list[Recording]
    fold_of: dict[str, int]
    pool: Examples

    def fold(self, number: int) -> list[Recording]:
        """The recordings of a fold."""
        return [recording for recording in self.recordings if self.fold_of[recording.group] == number]


@dataclass(frozen=True, slots=True)
class Twin:
    """What a split twin said about the fold that it did not hear."""

    heard: Heard
    distances: NDArray[np.float32]
    """Of that fold's drones, and of the fly-overs made of them, to what the twin knows."""
    quiet: ScoredStream
    flown: ScoredStream


class Reporter:
    """Is told how far training is; this one says nothing."""

    def begin(self, what: str, total: int) -> None:
        """A new part of the work, of so many steps."""

    def advance(self, note: str = "") -> None:
        """One step of it is done."""


def train(data: Path, out: Path, plan: Plan, reporter: Reporter) -> dict[str, Any]:
    """Make ``out/drone_sound``: model, statistics and card. Gives the card's facts."""
    from edged.training import network  # TensorFlow: slow to import, and nothing else here needs it

    network.use_threads(plan.workers)
    recordings = corpus.load(data)
    material = gather(recordings, folds.assign(recordings, plan.seed), plan, reporter)
    twins = [make_twin(material, fold, plan, reporter) for fold in range(folds.FOLDS)]
    random_split = judge_random_split(recordings, plan, reporter)
    content = train_one(material.pool.where(material.pool.folds != folds.HELD_OUT), plan, "the shipped model", reporter)
    scorer = Scorer(content, len(KINDS))
    statistics = replace(know(scorer, material, folds.HELD_OUT), calibration=calibration(twins))
    evidence = facts.Evidence(
        validation.together([twin.heard for twin in twins]),
        random_split,
        validation.hear(scorer, material.fold(folds.HELD_OUT), LOG_MEL),
        [twin.quiet for twin in twins],
        [twin.flown for twin in twins],
        statistics.threshold(facts.REJECT_QUANTILE),
        sorted(group for group, fold in material.fold_of.items() if fold == folds.HELD_OUT),
    )
    told = facts.gather(evidence, LOG_MEL)
    write_model(out / "drone_sound", content, statistics, told)
    (out / "drone_sound" / "held_out.txt").write_text("\n".join(evidence.held_out_groups) + "\n", encoding="utf-8")
    return told


def calibration(twins: Sequence[Twin]) -> NDArray[np.float32]:
    """Quantiles of the distances of drones that the twins had not heard, shape (1001,)."""
    distances = np.concatenate([twin.distances for twin in twins])
    return np.asarray(np.quantile(distances, np.linspace(0, 1, 1001)), np.float32)


def gather(recordings: list[Recording], fold_of: dict[str, int], plan: Plan, reporter: Reporter) -> Material:
    """Make the pool of examples."""
    numbers = sorted(set(fold_of.values()))
    makers = {n: ExampleMaker([r for r in recordings if fold_of[r.group] == n], LOG_MEL) for n in numbers}
    counts = {n: plan.held_out_examples if n == folds.HELD_OUT else plan.per_fold for n in numbers}
    pool = make_pool(makers, counts, plan.seed, plan.workers, progress(reporter, "making examples"))
    return Material(recordings, fold_of, pool)


def progress(reporter: Reporter, what: str) -> Callable[[int, int], None]:
    """A callback ``(done, total)`` that drives the reporter."""

    def tell(done: int, total: int) -> None:
        if done == 0:
            reporter.begin(what, total)
        else:
            reporter.advance()

    return tell


def train_one(examples: Examples, steps: int, plan: Plan, what: str, reporter: Reporter) -> bytes:
    """Train on these examples and convert: the content of a ``.tflite`` file."""
    from edged.training import network

    reporter.begin(f"training {what}", steps)
    schedule = Schedule(steps=steps)

    def tell(_: int, loss: float) -> None:
        reporter.advance(f"loss {loss:.3f}")

    model = network.fit(examples.features, examples.classes, schedule, plan.seed, tell)
    return network.to_tflite(model, examples.features[:: max(1, len(examples.features) // 500)])


def make_twin(material: Material, fold: int, plan: Plan, reporter: Reporter) -> Twin:
    """Train without ``fold`` and ask about it."""
    content = train_one(material.pool.where(material.pool.folds != fold), plan, f"twin {fold + 1}", reporter)
    scorer = Scorer(content, len(KINDS))
    heard = validation.hear(scorer, material.fold(fold), LOG_MEL)
    known = know(scorer, material, fold)
    quiet, flown = system.score_streams(
        scorer, known, material.fold(fold), LOG_MEL, plan.stream_hours, plan.fly_overs, plan.seed + fold
    )
    drones = [reject_unknown.mahalanobis(embedding, known) for embedding in heard.embeddings[heard.truth]]
    distances = np.concatenate([np.array(drones, np.float32), flown.distances[system.flown_windows(flown)]])
    return Twin(heard, distances, quiet, flown)


def know(scorer: Scorer, material: Material, without: int) -> reject_unknown.UnknownStatistics:
    """What a model knows: its embeddings of a sample of what it was trained on, by kind and by source."""
    examples = material.pool.where(material.pool.folds != without)
    chosen = slice(0, None, max(1, len(examples.features) // 4000))
    _, embeddings = scorer(examples.features[chosen])
    return reject_unknown.fit(embeddings, [KINDS[c] for c in examples.classes[chosen]])


def judge_random_split(recordings: Sequence[Recording], plan: Plan, reporter: Reporter) -> Heard:
    """Train on four fifths of the indoor windows, drawn without regard to recordings, and hear the others.

    Papers do it so. It flatters: windows of one recording are alike.
    """
    random = np.random.default_rng(plan.seed)
    seen: list[Recording] = []
    unseen: list[Recording] = []
    for recording in (r for r in recordings if r.source == "indoor"):
        mine = random.random(len(recording.windows)) < 0.8
        for side, wanted in ((seen, True), (unseen, False)):
            windows = tuple(w for w, in_training in zip(recording.windows, mine, strict=True) if in_training == wanted)
            if windows:
                samples = corpus.join(window.samples[: window.valid_samples] for window in windows)
                side.append(replace(recording, samples=samples, windows=windows))
    maker = {0: ExampleMaker(seen, LOG_MEL)}
    tell = progress(reporter, "making examples for the random split")
    pool = make_pool(maker, {0: plan.per_fold}, plan.seed + 1, plan.workers, tell)
    content = train_one(pool, plan, "the twin for the random split", reporter)
    return validation.hear(Scorer(content, len(KINDS)), unseen, LOG_MEL)
