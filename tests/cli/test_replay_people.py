"""Whom `edged replay` recognises: the people in the box's gallery, which it reads and never writes."""

import secrets
from datetime import date

import pytest

from edged.cli.replayed_people import search_in
from edged.errors import GalleryKeyError
from edged.gallery.config import GalleryConfig
from edged.gallery.gallery import Gallery
from edged.inference.files.card import Card
from tests.gallery.faces import MODEL, a_sample, every_byte, unit

EMBEDDER = Card.model_validate(
    {
        "name": "face_embedding",
        "version": "1",
        "task": "face-embedding",
        "files": {"cpu": {"path": "model.tflite", "sha256": MODEL}},
        "inputs": [{"name": "rgb", "shape": [1, 112, 112, 3], "dtype": "uint8"}],
        "outputs": [{"name": "embedding", "shape": [1, 128], "dtype": "int8"}],
        "labels": [],
        "licence": "Apache-2.0",
        "source": "made up",
    }
)
TODAY = date(2026, 11, 21)


@pytest.fixture
def config(tmp_path):
    """Of a gallery with Ada, Bob, whose time was over today, and Cem, whom another model knows."""
    config = GalleryConfig(path=tmp_path / "faces")
    gallery = Gallery.open(config)
    gallery.add("Ada", [a_sample(1)], by="test")
    gallery.add("Bob", [a_sample(2)], by="test", expires=TODAY)
    gallery.add("Cem", [a_sample(3, sha256="f" * 64)], by="test")
    gallery.close()
    return config


def test_people_are_found_and_the_gallery_stays_as_it_was(config):
    """Not a byte is written, and whoever another model knows is counted, not named."""
    before, said = every_byte(config.folder), []
    search = search_in(config, EMBEDDER, TODAY, said.append)
    assert [one.name for one in search(unit(1))] == ["Ada"]
    assert every_byte(config.folder) == before
    assert len(said) == 1
    assert "enrolled with another model than face_embedding, and not found: 1" in said[0]


@pytest.mark.parametrize(("today", "names"), [(date(2026, 11, 20), {"Ada", "Bob"}), (TODAY, {"Ada"})])
def test_whose_time_is_over_is_nobody_whether_the_box_has_erased_them_or_not(config, today, names):
    """Their day counts, and not the box's upkeep."""
    search = search_in(config, EMBEDDER, today, lambda _: None)
    assert {one.name for seed in (1, 2) for one in search(unit(seed))[:2]} == names


def test_without_a_gallery_everybody_is_unknown_and_that_is_said(tmp_path):
    """And none is begun."""
    said = []
    search = search_in(GalleryConfig(path=tmp_path / "none"), EMBEDDER, TODAY, said.append)
    assert search(unit(1)) == ()
    assert "holds no gallery" in said[0]
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_is_refused_with_its_name(config, tmp_path):
    """Else everybody would pass for a stranger."""
    key = tmp_path / "other"
    key.write_text(secrets.token_hex(32))
    key.chmod(0o600)
    with pytest.raises(GalleryKeyError, match="other: is not the key of"):
        search_in(config.model_copy(update={"key_file": key}), EMBEDDER, TODAY, lambda _: None)
