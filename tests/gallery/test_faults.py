"""What the box does to the gallery: killed at any moment, a full disk, no right to write, several processes at once."""

import random
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edged.errors import GalleryError
from edged.gallery.index import Index
from tests.gallery.faces import MODEL, holds, open_gallery, samples, sealed_values, unit

ROOT = Path(__file__).parents[2]
START = """
import itertools, os, resource, sys
from pathlib import Path
from edged.errors import GalleryError
from tests.gallery.faces import open_gallery, samples
folder = Path(sys.argv[1])
"""
ENDLESS = {
    "add": "for n in itertools.count():\n    gallery.add(f'P{n}', samples(3, n), by='me'); print(n, flush=True)",
    "erase": (
        "for n in itertools.count():\n    person = gallery.add(f'P{n}', samples(3, n), by='me'); gallery.backup()\n"
        "    print(person.id, flush=True); gallery.erase(person.id, by='me')"
    ),
    "rekey": "for n in itertools.count():\n    gallery.rekey(by='me'); print(n, flush=True)",
}


def started(program, folder, **options):
    """A process that has the gallery open as ``gallery`` and runs the program."""
    whole = START + "gallery = open_gallery(folder)\nprint('open', flush=True)\n" + program
    command = [sys.executable, "-c", whole, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def killed(program, folder, after_lines):
    """Run it, kill it some lines and a random moment later; what it had said."""
    with started(program, folder) as process:
        said = [process.stdout.readline() for _ in range(1 + after_lines)]
        try:
            process.wait(random.uniform(0, 0.05))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        said += process.communicate(timeout=30)[0].splitlines()
        assert process.returncode == -signal.SIGKILL, said
    return [line.strip() for line in said[1:]]


@pytest.fixture
def kept(folder):
    """A closed gallery with somebody in it, who must outlive everything."""
    gallery = open_gallery(folder)
    gallery.add("Kept", samples(5, 77), by="me")
    gallery.backup()
    gallery.close()
    return folder


@pytest.mark.parametrize("again", range(4))
@pytest.mark.parametrize("task", ENDLESS)
def test_a_kill_at_any_moment_leaves_a_sound_gallery(kept, task, again):
    """Whoever was confirmed is whole, whoever was erased is in no backup, one of the two keys opens it."""
    said = killed(ENDLESS[task], kept, after_lines=random.randrange(4))
    gallery = open_gallery(kept)
    assert gallery.report == ""
    assert gallery.verify() == []
    people = gallery.people()
    assert gallery.find("Kept").samples == 5
    assert {person.samples for person in people} <= {3, 5}
    if task == "add":
        assert len(people) - 1 in (len(said), len(said) + 1)
    if task == "erase":
        erased = set(said[:-1]) & {entry.subject for entry in gallery.audit() if entry.action == "erase"}
        assert len(erased) >= len(said) - 1
        assert not erased & {person.id for person in people}
    assert not list(kept.rglob("*.part*"))
    assert not (kept / "key.new").exists()
    gallery.close()


def test_a_kill_between_erasing_and_cleaning_the_backups_is_made_good(kept):
    """At the next start: backups with somebody who was erased are cleaned."""
    gallery = open_gallery(kept)
    person = gallery.find("Kept")
    (backup,) = (kept / "backups").iterdir()
    shutil.copy(backup, kept / "saved")
    values = sealed_values(kept, person.id)
    assert holds(kept / "backups", values) == [backup.name]
    gallery.erase(person.id, by="me")
    gallery.close()
    shutil.copy(kept / "saved", backup)
    (kept / "saved").unlink()
    open_gallery(kept).close()
    assert holds(kept / "backups", values) == []
    (kept / "gallery.db").unlink()
    again = open_gallery(kept)
    assert again.people() == []
    again.close()


def test_a_change_of_key_that_was_cut_short_is_ended(kept):
    """Sealed with the new key, which waits beside the old one: it takes its place. The other way round it goes."""
    old = (kept / "key").read_bytes()
    gallery = open_gallery(kept)
    gallery.rekey(by="me")
    gallery.close()
    (kept / "key").rename(kept / "key.new")
    (kept / "key").write_bytes(old)
    (kept / "key").chmod(0o600)
    for _ in range(2):
        again = open_gallery(kept)
        assert [one.name for one in again.people()] == ["Kept"]
        assert (kept / "key").read_bytes() != old
        assert not (kept / "key.new").exists()
        again.close()
        (kept / "key.new").write_bytes(old)


def test_a_full_disk_refuses_a_change_and_keeps_the_rest(kept):
    """The remedy is named, the gallery goes on being read, and takes changes again when there is room."""
    program = (
        "size = sum(p.stat().st_size for p in folder.glob('gallery.db*'))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))\n"
        "try:\n    [gallery.add(f'P{n}', samples(50, n), by='me') for n in range(50)]\n"
        "except GalleryError as error: print(error)\n"
        "try:\n    gallery.export(folder.parent / 'x.edged', by='me')\n"
        "except GalleryError as error: print(error)\n"
        "print(gallery.find('Kept').samples, sorted(p.samples for p in gallery.people())[-1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "gallery.add('Afterwards', samples(1), by='me'); print(gallery.verify())\n"
    )
    with started(program, kept) as process:
        out, error = process.communicate(timeout=60)
    assert error == ""
    lines = out.splitlines()
    assert "nothing was changed" in lines[1]
    assert lines[-2:] == ["5 50", "[]"] or lines[-2:] == ["5 5", "[]"]


def test_a_real_full_disk_is_told(tmp_path):
    """On a file system of 1 MB: the message says so, and what was there stays."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "none", disk], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        gallery = open_gallery(disk / "faces", keep_crops=True)
        gallery.add("Kept", samples(5), by="me")
        many = (gallery.add(f"P{number}", samples(100, number), by="me") for number in range(100))
        with pytest.raises(GalleryError, match="the disk is full: make room, and try again; nothing was changed"):
            list(many)
        with pytest.raises(GalleryError, match="the disk is full"):
            gallery.backup()
        assert gallery.find("Kept").samples == 5
        assert gallery.verify() == []
        gallery.close()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_may_not_be_written_is_told(kept, tmp_path):
    """A read-only file system: one line with the remedy, no traceback of SQLite's."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None or subprocess.run(["mount", "--bind", kept, disk], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", disk], check=True)
        with pytest.raises(
            GalleryError, match="run it as the user that owns the gallery, on a disk that can be written"
        ):
            open_gallery(disk)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_several_processes_and_threads_write_at_once(kept):
    """Everybody whom any of them enrolled is there, and each name once."""
    program = "for n in range(15):\n    gallery.add(f'P{os.getpid()}-{n}', samples(2, n), by='me')\n"
    program += (
        "try:\n    gallery.add('Shared', [], by='me')\nexcept GalleryError: pass\ngallery.backup(); gallery.close()\n"
    )
    with ExitStack() as stack:
        processes = [stack.enter_context(started(program, kept)) for _ in range(3)]
        gallery = stack.enter_context(closing(open_gallery(kept)))
        index = Index(gallery, MODEL)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: gallery.add(f"T{n}", samples(2, n), by="me"), range(20)))
            list(pool.map(lambda n: index.search(unit(n)), range(20)))
        assert [process.communicate(timeout=60)[1] for process in processes] == [""] * 3
        assert len(gallery.people()) == 1 + 3 * 15 + 1 + 20
        assert gallery.verify() == []
