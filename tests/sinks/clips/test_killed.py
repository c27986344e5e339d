"""Kill -9: a clip is there whole or not at all, whenever the process ended."""

import subprocess
import sys
from pathlib import Path

from edged.sinks.clips.clip import Events, Feedback
from tests.sinks.clips.evidence import a_store, picture, sound

ROOT = Path(__file__).parents[3]


def test_clips_are_whole_after_25_kills_at_random_instants(tmp_path):
    """All that is found can be read, the last that was shown as kept is among it, and nothing half-written is left."""
    command = [sys.executable, "-m", "tests.sinks.clips.writing", tmp_path, "25", "0.1"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=110)
    shown = (tmp_path / "journal").read_text().split()
    folder = tmp_path / "clips"
    store, health = a_store(folder, max_clips=20, keep_last=5)
    there = sorted(path.name for path in folder.iterdir() if path.name != "key")
    assert len(shown) >= 10
    assert shown[-1] in there
    assert 5 <= len(there) <= 20
    assert not list(folder.rglob("*.part"))
    assert "unreadable" not in health.snapshot().counters
    for event in there:
        assert_whole(store, event)


def assert_whole(store, event):
    files = {file.name: store.read(event, file.name) for file in store.files(event)}
    assert all(len(files[file.name]) == file.bytes for file in store.files(event))
    assert files.get("sound.flac", sound(50_000).content) == sound(50_000).content
    assert files.get("picture_0001.jpg", picture(20_000).content) == picture(20_000).content
    assert Events.model_validate_json(files["events.json"]).messages[0].id == event
    if store.find(event).feedback:
        assert Feedback.model_validate_json(files["feedback.json"]).verdict == "correct"
