"""Trains the drone sound model: split twins to measure with, then the model that is shipped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.stages import reject_unknown
from edged.stages.compute_log_mel import LogMelConfig
from edged.training import corpus, facts, folds, random_split, reference, system, validation
from edged.training.batches import Schedule
from edged.training.card import write_model
from edged.training.corpus import KINDS, Recording
from edged.training.examples import ExampleMaker, Examples, make_pool
from edged.training.random_split import RandomSplit
from edged.training.scorer import Scorer
from edged.training.system import ScoredStream
from edged.training.validation import Heard

LOG_MEL = LogMelConfig()
"""The features of the model; they go into its card."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much work to do."""

    per_fold: int = 90000
    """Examples made of each fold's recordings."""
    held_out_examples: int = 2000
    steps: int = 6500
    """Training steps of the shipped model and of each split twin; the twin for the random split gets a third."""
    twins: int = 1
    """So many folds are judged, each by a twin that was trained without it."""
    stream_hours: float = 1.0
    """Of background for each twin."""
    fly_overs: int = 90
    """For each twin."""
    seed: int = 1
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that training needs."""

    recordings: list[Recording]
    fold_of: dict[str, int]
    pool: Examples
    random_split: RandomSplit

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
    recordings = corpus.load(data)
    material = gather(recordings, folds.assign(recordings, plan.seed), plan, reporter)
    from edged.training import network  # TensorFlow: not before the pool is made, for its threads do not survive a fork

    network.use_threads(plan.workers)
    content = train_shipped(material, plan, reporter)
    twins = [make_twin(material, fold, plan, reporter) for fold in range(plan.twins)]
    by_chance = judge_random_split(material, plan, reporter)
    return finish(content, material, twins, by_chance, out / "drone_sound")


def finish(content: bytes, material: Material, twins: Sequence[Twin], by_chance: Heard, folder: Path) -> dict[str, Any]:
    """Write the shipped model's folder. Gives the card's facts."""
    scorer = Scorer(content, len(KINDS))
    statistics = replace(know(scorer, material, folds.HELD_OUT), calibration=calibration(twins))
    evidence = facts.Evidence(
        validation.together([twin.heard for twin in twins]),
        by_chance,
        validation.hear(scorer, material.fold(folds.HELD_OUT), LOG_MEL),
        [twin.quiet for twin in twins],
        [twin.flown for twin in twins],
        statistics.threshold(facts.REJECT_QUANTILE),
        sorted(group for group, fold in material.fold_of.items() if fold == folds.HELD_OUT),
        len(twins),
    )
    told = facts.gather(evidence, LOG_MEL)
    trained_on = [recording for recording in material.recordings if material.fold_of[recording.group] != folds.HELD_OUT]
    temperature = told["parameters"]["temperature"]
    told["parameters"]["reference"] = reference.measure(scorer, statistics, trained_on, LOG_MEL, temperature)
    write_model(folder, content, statistics, told)
    (folder / "held_out.txt").write_text("\n".join(evidence.held_out_groups) + "\n", encoding="utf-8")
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
    split = random_split.divide(recordings, plan.seed)
    tell = progress(reporter, "making examples for the random split")
    maker = {0: ExampleMaker(split.seen, LOG_MEL)}
    split = replace(split, pool=make_pool(maker, {0: plan.per_fold}, plan.seed + 1, plan.workers, tell))
    return Material(recordings, fold_of, pool, split)


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


def train_shipped(material: Material, plan: Plan, reporter: Reporter) -> bytes:
    """Train on all but the held-out fold."""
    examples = material.pool.where(material.pool.folds != folds.HELD_OUT)
    return train_one(examples, plan.steps, plan, "the shipped model", reporter)


def make_twin(material: Material, fold: int, plan: Plan, reporter: Reporter) -> Twin:
    """Train without ``fold`` and ask about it."""
    examples = material.pool.where(material.pool.folds != fold)
    return ask(train_one(examples, plan.steps, plan, f"twin {fold + 1}", reporter), material, fold, plan)


def ask(content: bytes, material: Material, fold: int, plan: Plan) -> Twin:
    """What a model that was trained without ``fold`` says about it."""
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


def judge_random_split(material: Material, plan: Plan, reporter: Reporter) -> Heard:
    """Train on the windows that chance put on one side, and hear the others."""
    split = material.random_split
    content = train_one(split.pool, plan.steps // 3, plan, "the twin for the random split", reporter)
    return validation.hear(Scorer(content, len(KINDS)), split.unseen, LOG_MEL)
