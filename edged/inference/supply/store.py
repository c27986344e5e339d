"""Store: the folder of models of this box. A model appears there whole or not at all.

It is put together in the hidden folder ``.<name>.part`` beside its place, which outlives a failure so that the next
try goes on from there, and is moved to its place when its card, written last, is on the disk.
"""

import errno
import fcntl
import functools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

from edged.errors import ModelError
from edged.inference.files.card import Card, ModelFile, read_card
from edged.inference.supply.download import Progress
from edged.inference.supply.origin import Origin, sha256

_REMEDIES = {
    errno.ENOSPC: "the disk is full: make room, and give the same command again",
    errno.EDQUOT: "the quota is used up: make room, and give the same command again",
    errno.EACCES: "run it as the user that edged runs as, or name another folder in models.path",
    errno.EPERM: "run it as the user that edged runs as, or name another folder in models.path",
    errno.EROFS: "the disk is read-only: name another folder in models.path",
}


def is_here(models: Path, card: Card) -> bool:
    """Whether the box has this version of the model, and its files are undamaged."""
    folder = models / card.name
    try:
        here = read_card(folder)
        return here.version == card.version and all(
            role in here.files and here.files[role].sha256 == file.sha256 == sha256(folder / here.files[role].path)
            for role, file in card.files.items()
        )
    except (ModelError, OSError):
        return False


def pull(models: Path, card: Card, origin: Origin, progress: Progress) -> None:
    """Put the model of that card into the store; ``progress`` is told how many of its bytes are here.

    ModelError with what failed and the remedy. A file with the wrong hash leaves nothing behind, any other failure
    what has come so far.
    """
    with staged(models, card.name) as folder:
        fetch(card, folder, origin, progress)
        write_card(folder, card, f"From the catalogue of edged, by `edged models pull {card.name}`.")


def fetch(card: Card, folder: Path, origin: Origin, progress: Progress) -> None:
    """All files of the card, each with the right hash, into ``folder``."""
    wanted = {file.path for file in card.files.values()}
    for path in folder.iterdir():  # left from another version of this model
        if path.name.removesuffix(".part").removesuffix(".etag") not in wanted:
            path.unlink()
    done = 0
    for file in card.files.values():
        if not _is_right(folder / file.path, file):
            _fetch_one(card, file, folder, origin, functools.partial(_told_from, done, progress))
        done += file.size or 0
        progress(done)


def write_card(folder: Path, card: Card, first_line: str) -> None:
    """The card as ``card.yaml``."""
    facts = yaml.safe_dump(
        card.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True, width=110
    )
    (folder / "card.yaml").write_text(f"# {first_line}\n{facts}", encoding="utf-8")


@contextmanager
def staged(models: Path, name: str) -> Iterator[Path]:
    """A folder to put a model together in; when the block ends well it takes the place of ``models/name``.

    ModelError where the disk refuses or someone else writes to the store. Otherwise the folder outlives a failure.
    """
    staging, place = models / f".{name}.part", models / name
    try:
        models.mkdir(parents=True, exist_ok=True)
        with _alone(models):
            _mend(models, name)
            staging.mkdir(exist_ok=True)
            try:
                yield staging
                _sync(*staging.iterdir(), staging)
                if place.exists():
                    place.rename(models / f".{name}.old")
                staging.rename(place)
                _sync(models)
                _mend(models, name)
            finally:
                with suppress(OSError):  # it holds something, or is in its place
                    staging.rmdir()
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "models.path names the folder to use")
        raise ModelError(f"model {name}: {error.filename or models}: {error.strerror or error}; {remedy}") from None


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Nobody else writes to the store meanwhile."""
    folder = os.open(models, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ModelError(f"{models}: another `edged models pull` or `build` is at work there; wait for it") from None
    finally:
        os.close(folder)


def _mend(models: Path, name: str) -> None:
    """Finish or undo an exchange of two versions that a power cut may have interrupted."""
    old, place = models / f".{name}.old", models / name
    if place.exists():
        shutil.rmtree(old, ignore_errors=True)
    elif old.exists():
        old.rename(place)


def _sync(*paths: Path) -> None:
    """To the disk itself."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _fetch_one(card: Card, file: ModelFile, folder: Path, origin: Origin, progress: Progress) -> None:
    """A part from before may be of something else: where its hash is wrong in the end, once more from the start."""
    part, etag = folder / f"{file.path}.part", folder / f"{file.path}.etag"
    resumed = True
    while resumed:
        resumed = origin(file, part, progress)
        actual = sha256(part)
        etag.unlink(missing_ok=True)
        if actual == file.sha256:
            part.rename(folder / file.path)
            return
        part.unlink()
    shutil.rmtree(folder)
    raise ModelError(
        f"model {card.name}: {file.path} came with sha256 {actual[:12]}…, must have {file.sha256[:12]}…: "
        "it is not the file that the catalogue means; nothing of the model was kept"
    )


def _is_right(path: Path, file: ModelFile) -> bool:
    return path.is_file() and sha256(path) == file.sha256


def _told_from(done: int, progress: Progress, here: int) -> None:
    progress(done + here)
