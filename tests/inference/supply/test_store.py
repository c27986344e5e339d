"""The store of models: a model is there whole, or not at all, whatever happens on the way."""

import errno
import fcntl
import os

import pytest

from edged.errors import ModelError
from edged.inference.files.card import Card, ModelFile, read_card
from edged.inference.supply import store
from edged.inference.supply.origin import sha256

FILES = {"a.tflite": b"a" * 1000, "b.txt": b"b" * 10}


class Shelf:
    """An origin that has ``files``, and fails where it is told to."""

    def __init__(self):
        self.files = dict(FILES)
        self.fails = {}
        self.asked = []

    def __call__(self, file, part, progress):
        self.asked.append(file.path)
        if failure := self.fails.pop(file.path, None):
            part.write_bytes(self.files[file.path][:5])
            raise failure
        resumed = part.exists()
        before = part.read_bytes() if resumed else b""
        part.write_bytes(before + self.files[file.path][len(before) :])
        progress(len(self.files[file.path]))
        return resumed


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def models(tmp_path):
    return tmp_path / "deep" / "models"


@pytest.fixture
def card(tmp_path):
    files = {}
    for role, (name, content) in zip(("cpu", "labels"), FILES.items(), strict=True):
        (tmp_path / name).write_bytes(content)
        files[role] = ModelFile(path=name, sha256=sha256(tmp_path / name), size=len(content), url="https://x.test/x")
    facts = {"version": "1", "task": "fixture", "inputs": (), "outputs": (), "labels": (), "licence": "MIT"}
    return Card(name="toy", files=files, source="here", **facts)


def contents(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_model_is_there_with_its_card(models, card, shelf):
    """Progress counts the bytes of all its files."""
    told = []
    assert not store.is_here(models, card)
    store.pull(models, card, shelf, told.append)
    assert contents(models) == ["toy"]
    assert contents(models / "toy") == ["a.tflite", "b.txt", "card.yaml"]
    assert read_card(models / "toy") == card
    assert told[-1] == 1010
    assert told == sorted(told)
    assert store.is_here(models, card)


def test_a_wrong_hash_leaves_nothing_behind(models, card, shelf):
    """The message says which file, and both sums."""
    shelf.files["b.txt"] = b"c" * 10
    wrong = r"model toy: b\.txt came with sha256 \w{12}…, must have \w{12}…: .*nothing of the model was kept"
    with pytest.raises(ModelError, match=wrong):
        store.pull(models, card, shelf, lambda _: None)
    assert contents(models) == []


def test_a_wrong_hash_leaves_the_old_version_in_place(models, card, shelf):
    """An update that failed is none."""
    store.pull(models, card, shelf, lambda _: None)
    shelf.files["a.tflite"] = b"x" * 1000
    with pytest.raises(ModelError, match="came with sha256"):
        store.pull(models, card, shelf, lambda _: None)
    assert contents(models) == ["toy"]
    assert store.is_here(models, card)


def test_what_was_interrupted_is_gone_on_with(models, card, shelf):
    """Files that had come are not asked for again, and half of one is used."""
    shelf.fails["b.txt"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        store.pull(models, card, shelf, lambda _: None)
    assert contents(models) == [".toy.part"]
    assert contents(models / ".toy.part") == ["a.tflite", "b.txt.part"]
    store.pull(models, card, shelf, lambda _: None)
    assert shelf.asked == ["a.tflite", "b.txt", "b.txt"]
    assert store.is_here(models, card)


def test_a_part_of_something_else_is_thrown_away(models, card, shelf):
    """Its hash is wrong in the end: once more, from the start."""
    (models / ".toy.part").mkdir(parents=True)
    (models / ".toy.part" / "b.txt.part").write_bytes(b"zz")
    (models / ".toy.part" / "left.over").write_bytes(b"of another version")
    store.pull(models, card, shelf, lambda _: None)
    assert shelf.asked == ["a.tflite", "b.txt", "b.txt"]
    assert contents(models / "toy") == ["a.tflite", "b.txt", "card.yaml"]


def test_where_nothing_came_nothing_is_left(models, card, shelf):
    """No empty folder."""

    def nowhere(_file, _part, _progress):
        raise ModelError("not to be had")

    with pytest.raises(ModelError, match="not to be had"):
        store.pull(models, card, nowhere, lambda _: None)
    assert contents(models) == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "the disk is full: make room"),
        (errno.EACCES, "as the user that edged"),
        (errno.EIO, "models.path"),
    ],
)
def test_what_the_disk_refuses_comes_with_a_remedy(models, card, shelf, number, remedy):
    """One line: model, place, reason, remedy."""
    shelf.fails["a.tflite"] = OSError(number, os.strerror(number))
    with pytest.raises(ModelError, match=rf"model toy: .*{os.strerror(number)}; .*{remedy}"):
        store.pull(models, card, shelf, lambda _: None)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, card, shelf):
    """Something else stands there."""
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match=rf"model toy: {tmp_path}/models: File exists"):
        store.pull(tmp_path / "models", card, shelf, lambda _: None)


def test_two_at_once_do_not_mix(models, card, shelf):
    """The second is told to wait."""
    models.mkdir(parents=True)
    other = os.open(models, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(ModelError, match="another `edged models pull` or `build` is at work"):
        store.pull(models, card, shelf, lambda _: None)
    os.close(other)
    store.pull(models, card, shelf, lambda _: None)


@pytest.mark.parametrize("new_is_there", [True, False])
def test_an_exchange_that_a_power_cut_interrupted_is_mended(models, card, shelf, new_is_there):
    """Between the two renames the old version is what there is; after them it is rubbish."""
    store.pull(models, card, shelf, lambda _: None)
    (models / ".toy.old").mkdir() if new_is_there else (models / "toy").rename(models / ".toy.old")
    with pytest.raises(ModelError, match="enough"), store.staged(models, "toy"):
        raise ModelError("enough")
    assert contents(models) == ["toy"]
    assert store.is_here(models, card)


def test_damage_and_another_version_are_noticed(models, card, shelf):
    """Then the model is not here, and is fetched again."""
    store.pull(models, card, shelf, lambda _: None)
    assert not store.is_here(models, card.model_copy(update={"version": "2"}))
    (models / "toy" / "b.txt").write_bytes(b"bbbbbbbbbc")
    assert not store.is_here(models, card)
    store.pull(models, card, shelf, lambda _: None)
    assert store.is_here(models, card)


def test_a_model_that_was_built_of_its_source_is_here(models, card, shelf):
    """Its card names more files than the catalogue's."""
    source = card.model_copy(update={"files": {"labels": card.files["labels"]}})
    store.pull(models, card, shelf, lambda _: None)
    assert store.is_here(models, source)
