"""Verify: nothing is handed to a runtime, or believed, before it is what its card says.

A damaged file crashes one of the runtimes, and with it the process. So first the sum is compared with the card's, then
what the file holds is read in Python: its structure, its operators, its tensors.
"""

import functools
import hashlib
import logging
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edged.errors import ModelError
from edged.inference.files.card import Card, Tensor
from edged.inference.files.graph import Graph, GraphTensor, read_graph
from edged.inference.files.operators import CUSTOM_OPERATORS, EDGE_TPU, counted, is_compiled, left_on_cpu

log = logging.getLogger(__name__)

DEVICES = ("cpu", "edgetpu")
"""The roles of the files that run."""
LARGEST = 256 * 2**20
"""Bytes of a file of a model: more would not fit the box's memory."""


class Verified(NamedTuple):
    """A file that is as its card says."""

    content: bytes
    graph: Graph | None
    """What it computes; None for a file that does not run."""


def verify(folder: Path, card: Card, role: str) -> Verified:
    """The model's file for ``role`` (``cpu``, ``unknown``, …); ModelError unless it is as its card says.

    What runs on a device must also have the structure, operators and tensors that it needs there.
    """
    content = _read(folder, card, role)
    actual, expected = hashlib.sha256(content).hexdigest(), card.files[role].sha256
    if actual != expected:
        raise ModelError(
            f"model {card.name}: {folder / card.files[role].path} has sha256 {actual[:12]}…, "
            f"its card says {expected[:12]}…: the file is damaged or was changed; install the model again"
        )
    if role not in DEVICES:
        return Verified(content, None)
    graph = read_graph(content, card.name)
    check_graph(graph, card, role)
    return Verified(content, graph)


def read_verified(folder: Path, card: Card, role: str) -> bytes:
    """The content of that file, to be used; checked as by :func:`verify`. Logs what slows it down."""
    content, graph = verify(folder, card, role)
    if role == "edgetpu" and graph and (left := left_on_cpu(graph)):
        _warn(card.name, counted(left))
    return content


def verified_file(folder: Path, card: Card, role: str) -> Path:
    """The path of that file; checked as by :func:`verify`."""
    verify(folder, card, role)
    return folder / card.files[role].path


def check_graph(graph: Graph, card: Card, role: str) -> None:
    """ModelError unless a file that holds ``graph`` runs as ``role`` and has the tensors of the card."""
    if role == "cpu" and is_compiled(graph):
        raise ModelError(
            f"model {card.name}: is compiled for the Edge TPU and cannot run on the CPU; "
            "name it as files.edgetpu on its card, and its CPU twin as files.cpu"
        )
    if role == "edgetpu" and not is_compiled(graph):
        raise ModelError(
            f"model {card.name}: its file for the Edge TPU is not compiled for it; name it as files.cpu on its card, "
            f"and `edged models compile {card.name}` makes the other"
        )
    for operator in graph.operators:
        if operator.custom and operator.custom not in {EDGE_TPU, *CUSTOM_OPERATORS}:
            raise ModelError(
                f"model {card.name}: has the custom operator {operator.custom!r}, which no runtime has; "
                "convert the model without it"
            )
    _check_tensors(graph, graph.inputs, card, card.inputs, "input")
    _check_tensors(graph, graph.outputs, card, card.outputs, "output")


@functools.lru_cache(maxsize=64)  # once, and not each time that the device is opened anew
def _warn(model: str, operators: str) -> None:
    log.warning("part of a model for the Edge TPU runs on the CPU", extra={"model": model, "operators": operators})


def _read(folder: Path, card: Card, role: str) -> bytes:
    if role not in card.files:
        raise ModelError(f"model {card.name}: its card names no file for {role!r}")
    path = folder / card.files[role].path
    try:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size  # so much is set aside before it is read
            content = file.read(min(length, LARGEST) + 1)
    except OSError as error:
        raise ModelError(
            f"model {card.name}: {path} cannot be read: {error.strerror}; install the model again"
        ) from None
    if len(content) > LARGEST:
        raise ModelError(f"model {card.name}: {path} is larger than {LARGEST >> 20} MiB; use a smaller model")
    return content


def _check_tensors(graph: Graph, indices: Sequence[int], card: Card, tensors: Sequence[Tensor], kind: str) -> None:
    if len(indices) != len(tensors):
        raise ModelError(
            f"model {card.name}: has {len(indices)} {kind}s, its card says {len(tensors)}; correct its card"
        )
    for index, tensor in zip(indices, tensors, strict=True):
        actual, where = graph.tensors[index], f"model {card.name}: {kind} {tensor.name}"
        if actual.dtype != tensor.dtype or not _fits(tensor.shape, actual):
            given = f"{actual.dtype}[{', '.join(map(str, actual.shape))}]"
            raise ModelError(f"{where} is {given}, its card says {tensor}; correct its card")
        if not math.isclose(actual.scale, tensor.scale, rel_tol=1e-5) or actual.zero_point != tensor.zero_point:
            raise ModelError(
                f"{where} is quantised by {actual.scale:.6g} and {actual.zero_point}, "
                f"its card says {tensor.scale:.6g} and {tensor.zero_point}; correct its card"
            )


def _fits(shape: tuple[int, ...], actual: GraphTensor) -> bool:
    """Whether the card's shape is one that the file allows: it may leave all of it open, or some sizes (-1)."""
    if shape == actual.shape or not actual.shape:
        return True
    open_or_equal = (size in {-1, wanted} for size, wanted in zip(actual.signature, shape, strict=False))
    return len(shape) == len(actual.signature) and all(open_or_equal)
