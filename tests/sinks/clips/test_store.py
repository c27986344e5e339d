"""Store: what is kept of an event, who can read it, and what has to go."""

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.errors import EdgedError, GalleryKeyError
from edged.messages.event import Phase
from edged.messages.wire import rfc3339
from edged.sinks.clips.clip import Entry, Events, Feedback
from edged.sinks.clips.config import ClipsConfig, clips_folder
from edged.sinks.clips.eviction import may_go, worth
from tests.sinks.clips.evidence import EPOCH_S, a_message, a_store, keep, picture, sound

DAY_S = 86400.0


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_evidence_is_found_by_event_after_a_restart_too(tmp_path):
    """With what was decided and why, and when each file begins."""
    store, _ = a_store(tmp_path)
    event = keep(store, 1, (sound(), picture()))
    for it in (store, a_store(tmp_path)[0]):
        files = {file.name: file for file in it.files(event)}
        assert {name: file.media_type for name, file in files.items()} == {
            "sound.flac": "audio/flac",
            "picture_0001.jpg": "image/jpeg",
            "events.json": "application/json",
        }
        assert files["sound.flac"].at == rfc3339(EPOCH_S)
        assert it.read(event, "sound.flac") == sound().content
        told = Events.model_validate_json(it.read(event, "events.json"))
        assert [one.phase for one in told.messages] == [Phase.START, Phase.END]
        assert told.messages[0] == a_message(Phase.START, 1)
        found = it.find(event)
        assert (found.pipeline, found.source, found.sealed) == ("drones", "microphone", True)


def test_no_file_on_the_disk_shows_a_sound_a_picture_or_a_name(tmp_path):
    """What lies in the open names no person; everything is for its owner alone."""
    store, _ = a_store(tmp_path / "clips")
    event = keep(store, 1, (sound(), picture()), label="Ada Lovelace", subject="person:1815")
    files = [path for path in (tmp_path / "clips").rglob("*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        content = path.read_bytes()
        assert not any(secret in content for secret in (b"\xff\xd8\xff", b"fLaC", b"Ada", b"person:"))
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "clips" / event).stat().st_mode & 0o777 == 0o700


def test_pictures_are_encrypted_even_where_sound_is_not(tmp_path):
    """Sound in the open can be played by any player."""
    store, _ = a_store(tmp_path, encrypt_sound=False)
    heard, seen = keep(store, 1), keep(store, 2, (picture(),))
    assert names(tmp_path / heard) == ["clip.json", "events.json", "sound.flac"]
    assert names(tmp_path / seen) == ["clip.json", "events.json.sealed", "picture_0001.jpg.sealed"]
    assert store.read(seen, "picture_0001.jpg") == picture().content
    assert store.read(heard, "sound.flac") == (tmp_path / heard / "sound.flac").read_bytes()


def test_an_encrypted_file_cannot_be_changed_or_moved_to_another_event(tmp_path):
    """It is bound to its event and name; the error says which file it is."""
    store, _ = a_store(tmp_path)
    one, other = keep(store, 1), keep(store, 2)
    (tmp_path / one / "sound.flac.sealed").replace(tmp_path / other / "sound.flac.sealed")
    with pytest.raises(EdgedError, match=f"clip {other}: sound.flac was changed, or encrypted with another key"):
        store.read(other, "sound.flac")
    with pytest.raises(EdgedError, match=f"event {one}: sound.flac cannot be read: No such file"):
        store.read(one, "sound.flac")


def test_a_key_file_that_is_named_is_not_made(tmp_path):
    """The error names it and the remedy."""
    with pytest.raises(GalleryKeyError, match=r"nokey: cannot be read: No such file.*openssl rand"):
        a_store(tmp_path / "clips", key_file=tmp_path / "nokey")


@pytest.mark.parametrize("event", ["0" * 26, "../../../etc/passwd", "", "key", "x" * 10_000])
def test_of_an_unknown_event_nothing_is_read(tmp_path, event):
    """Whatever is asked for; the message is short."""
    store, _ = a_store(tmp_path)
    keep(store, 1)
    for ask in (lambda: store.files(event), lambda: store.read(event, "key"), lambda: feed_back(store, event)):
        with pytest.raises(EdgedError, match="no evidence of it is kept: not yet, not any longer") as refused:
            ask()
        assert len(str(refused.value)) < 200
    assert store.find(event) is None


@pytest.mark.parametrize("file", ["../../key", "clip.json", "sound.flac.sealed", "", "/etc/passwd"])
def test_only_an_events_own_files_are_read(tmp_path, file):
    """The message names those there are."""
    store, _ = a_store(tmp_path)
    event = keep(store, 1)
    with pytest.raises(EdgedError, match=r"has no file .*; there are: sound\.flac, events\.json"):
        store.read(event, file)


def feed_back(store, event, verdict="false_alarm", label="lawn mower"):
    store.add_feedback(event, verdict, label, rfc3339(EPOCH_S))


@pytest.mark.parametrize("encrypt", [True, False])
def test_feedback_is_kept_beside_the_evidence(tmp_path, encrypt):
    """The newest word stands, after a restart too."""
    store, _ = a_store(tmp_path, encrypt_sound=encrypt)
    event = keep(store, 1)
    feed_back(store, event, "correct", None)
    feed_back(store, event)
    store, _ = a_store(tmp_path, encrypt_sound=encrypt)
    assert [file.name for file in store.files(event)] == ["sound.flac", "events.json", "feedback.json"]
    told = Feedback.model_validate_json(store.read(event, "feedback.json"))
    assert (told.verdict, told.label, told.at) == ("false_alarm", "lawn mower", rfc3339(EPOCH_S))


def test_the_end_of_an_event_that_outlasted_its_clip_is_added(tmp_path):
    """With the confidence that it had as a whole; of one that is not kept nothing happens."""
    store, _ = a_store(tmp_path)
    start, end = a_message(Phase.START), a_message(Phase.END, confidence=0.3)
    store.keep("microphone", {Phase.START: start}, [sound()])
    store.add_end(end)
    store.add_end(a_message(Phase.END, 7))
    assert Events.model_validate_json(store.read(start.id, "events.json")).messages == [start, end]
    assert store.find(start.id).confidence == 0.3
    assert store.find(a_message(number=7).id) is None


def test_leftovers_are_swept_and_damage_does_no_harm(tmp_path):
    """Half a clip goes; one that cannot be read stays and is told in health; what is not ours is not touched."""
    store, _ = a_store(tmp_path)
    for number in range(4):
        keep(store, number)
    (tmp_path / f"{0:026d}").rename(tmp_path / f".{0:026d}.part")
    (tmp_path / f"{1:026d}" / "clip.json").write_text("{")
    (tmp_path / f"{2:026d}" / "clip.json").unlink()
    (tmp_path / ("9" * 26)).write_text("a file")
    (tmp_path / "family photos").mkdir()
    (tmp_path / ".hidden.part").mkdir()
    store, health = a_store(tmp_path)
    assert health.snapshot().counters == {"unreadable": 3, "kept": 1, "kept_bytes": 4 * 4096}
    assert store.find(f"{3:026d}")
    left = [f"{number:026d}" for number in (1, 2, 3)]
    assert names(tmp_path) == sorted([".hidden.part", *left, "9" * 26, "family photos", "key"])


def test_what_is_too_old_goes_but_not_the_last_of_a_pipeline(tmp_path):
    """By the box's clock."""
    store, health = a_store(tmp_path, EPOCH_S + 10 * DAY_S, max_age_days=9.5, keep_last=2)
    for number in range(5):
        keep(store, number, epoch_s=EPOCH_S + number)
    keep(store, 5, pipeline="faces")
    keep(store, 6, epoch_s=EPOCH_S + DAY_S)
    store.sweep()
    assert [number for number in range(7) if store.find(f"{number:026d}")] == [4, 5, 6]
    assert health.snapshot().counters["deleted_old"] == 4


@pytest.mark.parametrize("synchronised", [True, None, False])
def test_nothing_is_too_old_where_the_clock_is_wrong(tmp_path, synchronised):
    """A clock that is known not to be right deletes nothing."""
    store, _ = a_store(tmp_path, EPOCH_S + 10 * DAY_S, synchronised=synchronised, max_age_days=9.5)
    keep(store)
    store.sweep()
    assert (store.find(f"{0:026d}") is not None) == (synchronised is False)


def test_clips_make_room_for_others_on_the_disk(tmp_path):
    """Where less than ``min_free_bytes`` is left, down to the last of each pipeline; then none is kept, and told."""
    free = [2**30]
    store, health = a_store(tmp_path, free_bytes=lambda _: free[0], min_free_bytes=2**29, keep_last=2)
    for number in range(6):
        keep(store, number)
    free[0] = 2**28
    store.sweep()
    assert health.snapshot().counters["kept"] == 2
    with pytest.raises(EdgedError, match=r"no room for another clip: make some, or see to clips\.max_bytes"):
        keep(store, 6)
    with pytest.raises(EdgedError, match="no room"):
        store.sweep()
    free[0] = 2**30
    store.sweep()
    assert keep(store, 7)


clips = st.lists(
    st.builds(
        Entry,
        id=st.uuids().map(str),
        pipeline=st.sampled_from(["drones", "faces", "gate"]),
        confidence=st.floats(0, 1),
        started_s=st.floats(EPOCH_S, EPOCH_S + 30 * DAY_S),
        feedback=st.booleans(),
        disk_bytes=st.just(1),
    ),
    max_size=40,
    unique_by=lambda it: it.id,
)


@given(clips, st.integers(0, 5), st.booleans())
def test_the_least_worth_goes_first_and_the_last_of_a_pipeline_never(made, keep_last, comes):
    """Each that may go is followed by none that is worth less, and the newest of each pipeline are not among them.

    Whether a clip that is not kept yet is among the newest or began before them, it counts and does not itself go.
    """
    coming, kept = (made[0], made[1:]) if comes and made else (None, made)
    order = may_go(kept, keep_last, coming)
    assert sorted(order, key=worth) == order
    for pipeline in ("drones", "faces", "gate"):
        of_it = sorted((it for it in made if it.pipeline == pipeline), key=lambda it: (it.started_s, it.id))
        expected = {it.id for it in of_it[: max(0, len(of_it) - keep_last)] if it is not coming}
        assert {it.id for it in order if it.pipeline == pipeline} == expected


@given(clips)
def test_worth_grows_with_confidence_and_youth_and_feedback_comes_first(kept):
    """Older and less confident is always worth less; a clip with feedback goes after all without."""
    for one in kept:
        assert worth(one) < worth(one._replace(started_s=one.started_s + 60))
        assert worth(one) <= worth(one._replace(confidence=min(1, one.confidence + 0.1)))
        for other in kept:
            assert not (one.feedback and not other.feedback and worth(one) <= worth(other))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1000, 300_000)), min_size=8, max_size=25))
def test_there_are_never_more_clips_or_bytes_than_allowed(tmp_path_factory, sizes):
    """Whatever comes; and what is told in health is what lies on the disk."""
    folder = tmp_path_factory.mktemp("clips")
    store, health = a_store(folder, max_bytes=2**20, max_clips=10, keep_last=2)
    for number, (confidence, size) in enumerate(sizes):
        keep(store, number, (sound(size),), confidence=confidence, epoch_s=EPOCH_S + number)
        told = health.snapshot().counters
        on_disk = list(folder.glob("0*"))
        assert told["kept"] == len(on_disk) <= 10
        taken = sum(blocks_of(path) for clip in on_disk for path in (clip, *clip.iterdir()))
        assert taken == told["kept_bytes"] <= 2**20
        assert all(store.find(f"{newest:026d}") for newest in (number, max(0, number - 1)))


def test_a_clip_that_can_never_fit_costs_no_other(tmp_path):
    """It is larger than all together may be, or what it would have to replace are the last of their pipeline."""
    store, health = a_store(tmp_path, max_bytes=2**20, keep_last=0)
    for number in range(3):
        keep(store, number)
    with pytest.raises(EdgedError, match="no room for another clip"):
        keep(store, 3, (sound(2**20),))
    assert [number for number in range(4) if store.find(f"{number:026d}")] == [0, 1, 2]
    assert "deleted_for_room" not in health.snapshot().counters


def test_the_clip_of_a_long_event_does_not_push_out_what_began_after_it(tmp_path):
    """It is over last and began first: the last of its pipeline are the others."""
    store, _ = a_store(tmp_path, max_clips=3, keep_last=2)
    keep(store, 0, epoch_s=EPOCH_S + 10, confidence=0.9)
    keep(store, 1, epoch_s=EPOCH_S + 20, confidence=0.1)
    keep(store, 2, epoch_s=EPOCH_S + 30, confidence=0.2)
    keep(store, 3, epoch_s=EPOCH_S, confidence=0.9)
    assert [number for number in range(4) if store.find(f"{number:026d}")] == [1, 2, 3]


def blocks_of(path):
    return -(-path.stat().st_size // 4096) * 4096 if path.is_file() else 4096


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False).returncode:
        pytest.skip("no permission to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_on_a_full_disk_a_clip_is_there_whole_or_not_at_all(small_disk):
    """Nothing half-written stays, what was kept can be read, and it goes on when there is room."""
    store, _ = a_store(small_disk / "clips")
    first = keep(store, 1, (sound(200_000),))
    (small_disk / "filler").write_bytes(bytes(700_000))
    for _ in range(3):
        with pytest.raises(OSError, match="No space left"):
            keep(store, 2, (sound(200_000),))
    assert names(small_disk / "clips") == [first, "key"]
    assert store.read(first, "sound.flac") == sound(200_000).content
    with pytest.raises(OSError, match="No space left"):
        store.sweep()
    with pytest.raises(OSError, match="No space left"):
        fill_and_feed_back(store, small_disk, first)
    (small_disk / "filler").unlink()
    (small_disk / "more").unlink()
    store.sweep()
    assert keep(store, 2, (sound(200_000),))


def fill_and_feed_back(store, disk, event):
    with (disk / "more").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            with pytest.raises(EdgedError, match="feedback was not kept: No space left"):
                feed_back(store, event)
            assert not store.find(event).feedback
            raise


def test_a_description_is_plain_json(tmp_path):
    """So that a person can see what a folder holds without a key."""
    store, _ = a_store(tmp_path)
    event = keep(store, 1)
    told = json.loads((tmp_path / event / "clip.json").read_text())
    assert {"id": event, "pipeline": "drones", "confidence": 0.9123, "sealed": True}.items() <= told.items()


def test_the_folder_is_where_the_box_keeps_what_is_its_own(tmp_path):
    """Unless the configuration names a place."""
    assert clips_folder(ClipsConfig(), {"STATE_DIRECTORY": str(tmp_path)}) == tmp_path / "clips"
    assert clips_folder(ClipsConfig(folder=tmp_path / "x"), {}) == tmp_path / "x"


def test_rolls_that_leave_no_room_for_the_event_are_refused():
    """The message names the keys."""
    with pytest.raises(
        ValueError, match=r"max_s: 6, must be more than pre_roll_s and post_roll_s \(3 and 3\) together"
    ):
        ClipsConfig(max_s=6)
