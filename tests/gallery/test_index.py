"""Index: exact, quick to see changes, and only of its own model."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.gallery.index import Index, nearest, spans_of
from edged.gallery.reader import Faces
from tests.gallery.faces import MODEL, OTHER_MODEL, a_sample, samples, unit

ROOT = Path(__file__).parents[2]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 1000))
def test_the_nearest_are_those_that_brute_force_finds(owners, seed):
    """The best sample of each person, of people the best two."""
    ids = [f"p{owner}" for owner in sorted(owners)]
    matrix = np.stack([unit(seed + row, 16) for row in range(len(ids))]) if ids else np.empty((0, 0), np.float32)
    found = nearest(Faces(matrix, ids, {one: one.upper() for one in ids}), spans_of(ids), probe := unit(seed + 99, 16))
    best = {who: max(float(row @ probe) for row, owner in zip(matrix, ids, strict=True) if owner == who) for who in ids}
    expected = sorted(best.items(), key=lambda item: -item[1])[:2]
    assert [one.person for one in found] == [who for who, _ in expected]
    assert [one.name for one in found] == [who.upper() for who, _ in expected]
    assert [one.similarity for one in found] == pytest.approx([value for _, value in expected], abs=1e-5)


def test_it_is_in_step_with_every_kind_of_change(gallery, clock):
    """Enrolled, renamed, merged, erased: at the next look a quarter of a second later."""
    at_s = [0.0]
    index = Index(gallery, MODEL, lambda: at_s[0])

    def found():
        at_s[0] += 0.25
        return [one.name for one in index.search(unit(1000))]

    assert found() == []
    ana = gallery.add("Ana", samples(1, 1), by="me")
    bob = gallery.add("Bob", samples(1, 2), by="me")
    gallery.add("Other", [a_sample(5, sha256=OTHER_MODEL)], by="me")
    assert [one.name for one in index.search(unit(1000))] == []
    assert found() == ["Ana", "Bob"]
    gallery.rename(ana.id, "Eve", by="me")
    assert found() == ["Eve", "Bob"]
    gallery.merge(ana.id, bob.id, by="me")
    assert found() == ["Bob"]
    gallery.erase(bob.id, by="me")
    assert found() == []


def test_another_process_is_seen(gallery, folder):
    """What `edged enroll` writes is found by the daemon that runs."""
    at_s = [0.0]
    index = Index(gallery, MODEL, lambda: at_s[0])
    program = (
        "import sys; from pathlib import Path; from tests.gallery.faces import open_gallery, samples\n"
        "open_gallery(Path(sys.argv[1])).add('Ana', samples(1, 1), by='them')"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], cwd=ROOT, check=True, timeout=60)
    at_s[0] = 0.25
    assert index.search(unit(1000))[0].name == "Ana"


def test_a_gallery_that_is_busy_does_not_hold_up_a_search(gallery):
    """While another thread of ours is in a transaction, what was known before is searched."""
    gallery.add("Ana", samples(1, 1), by="me")
    at_s = [0.0]
    index = Index(gallery, MODEL, lambda: at_s[0])
    gallery.add("Bob", samples(1, 2), by="me")
    at_s[0] = 1.0
    gallery._database.lock.acquire()
    try:
        with ThreadPoolExecutor(1) as pool:
            assert len(pool.submit(index.search, unit(1000)).result(10)) == 1
    finally:
        gallery._database.lock.release()
    at_s[0] = 2.0
    assert len(index.search(unit(1000))) == 2
