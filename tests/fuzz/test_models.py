"""Model files that are not to be trusted: TFLite, signatures, and what a model brings to know the unknown."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.catalogue import shipped_models
from edged.inference.files.card import read_card
from edged.inference.files.graph import read_graph
from edged.inference.files.operators import counted, is_compiled, left_on_cpu
from edged.inference.files.signature import NAME, SignaturePolicy, sign
from edged.inference.files.verify import check_graph
from edged.stages.reject_unknown import load, mahalanobis
from tests.fuzz.mutating import bounded, damaged, few, more
from tests.inference.keys import make_keys

DRONES = shipped_models() / "drone_sound"
CARD = read_card(DRONES)
MODEL = (DRONES / "drone_sound.tflite").read_bytes()
"""The structure lies at its end; numbers are in between."""
TAIL = MODEL[:64] + MODEL[-6000:]
UNKNOWN = (DRONES / "unknown.npz").read_bytes()


@more
@example(b"\x08\x00\x00\x00TFL3")
@given(damaged([MODEL, TAIL]))
def test_a_model_is_understood_or_refused(content):
    """Every step between a file and a runtime."""
    with bounded(ModelError):
        graph = read_graph(content, "x")
        is_compiled(graph)
        counted(left_on_cpu(graph))
        for role in ("cpu", "edgetpu"):
            with contextlib.suppress(ModelError):
                check_graph(graph, CARD, role)


@few
@given(
    damaged([UNKNOWN], [b"(99999999,)", b"(8,", b"<f4", b"|O", b"fortran_order': True", b"PK\x03\x04", b"'shape': ()"])
)
def test_what_a_model_knows_is_read_or_refused(tmp_path, content):
    """What is read can be used: it gives a distance."""
    (tmp_path / "unknown.npz").write_bytes(content)
    with bounded(ModelError), np.errstate(all="ignore"):
        known = load(tmp_path / "unknown.npz")
        mahalanobis(np.zeros(known.means.shape[-1], np.float32), known)


@few
@given(data=st.data())
def test_a_signature_is_right_or_refused(signed, data):
    """Whichever of the three files was hit; and no other card than the signed one is believed."""
    folder, public = signed
    card = (DRONES / "card.yaml").read_bytes()
    hit = data.draw(st.sampled_from(["card", "signature", "key"]))
    path = {"signature": folder / NAME, "key": public}.get(hit)
    content = card if path is None else path.read_bytes()
    wrong = data.draw(damaged([content]))
    with bounded(ModelError), whole(path):
        if path:
            path.write_bytes(wrong)
        SignaturePolicy(required=True, keys=(public,)).check(folder, card if path else wrong)
        assert path or wrong == content, "another card was believed"


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A model's folder with its signature, and the public key of whoever signed."""
    private, public = make_keys(tmp_path)
    folder = tmp_path / "drone_sound"
    folder.mkdir()
    (folder / "card.yaml").write_bytes((DRONES / "card.yaml").read_bytes())
    sign(folder, private)
    return folder, public


@contextlib.contextmanager
def whole(path: Path | None) -> Iterator[None]:
    """A file is as it was after the block."""
    content = path.read_bytes() if path else b""
    try:
        yield
    finally:
        if path:
            path.write_bytes(content)
