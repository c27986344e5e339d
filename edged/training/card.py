"""Writes a model's folder: the model, its statistics of the known, and the card that tells the facts of both."""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from edged.stages import reject_unknown
from edged.stages.reject_unknown import UnknownStatistics
from edged.training.scorer import Scorer

HEADER = """\
# The facts of this model, written by `scripts/train {name}`.
# Do not edit: the sums and the numbers belong together.
"""


def write_model(folder: Path, content: bytes, statistics: UnknownStatistics, facts: dict[str, Any]) -> None:
    """Write ``<name>.tflite``, ``unknown.npz`` and ``card.yaml``; ``facts`` are the fields that cannot be derived.

    ``facts`` must have ``name`` and ``labels``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"{facts['name']}.tflite"
    model.write_bytes(content)
    unknown = folder / "unknown.npz"
    reject_unknown.save(statistics, unknown)
    files = {"cpu": _file(model), "unknown": _file(unknown)}
    card = {**_head(facts), "files": files, **tensors(content, facts["labels"]), **facts}
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=110)
    (folder / "card.yaml").write_text(HEADER.format(name=facts["name"]) + text, encoding="utf-8")


def tensors(content: bytes, labels: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The ``inputs`` and ``outputs`` of a card, in the interpreter's order."""
    scorer = Scorer(content, len(labels))
    outputs = [_tensor(o, "logits" if o["shape"][-1] == len(labels) else "embedding") for o in scorer.outputs]
    return {"inputs": [_tensor(scorer.input, "log_mel")], "outputs": outputs}


def _head(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: facts[key] for key in ("name", "version", "task") if key in facts}


def _file(path: Path) -> dict[str, str]:
    return {"path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _tensor(detail: dict[str, Any], name: str) -> dict[str, Any]:
    scale, zero_point = detail["quantization"]
    return {
        "name": name,
        "shape": detail["shape"].tolist(),
        "dtype": detail["dtype"].__name__,
        "scale": float(scale),
        "zero_point": int(zero_point),
    }
