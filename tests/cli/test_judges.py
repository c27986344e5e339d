"""Real recordings as judges: what `edged replay` says of each outdoor clip. Most of them were trained on."""

import json
from pathlib import Path

import pytest

from edged.cli import main

CLIPS = Path(__file__).parents[2].parent / "shared/data/DroneDetectionThesis__Drone-detection-dataset/audio_16k"
pytestmark = pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/data is not here")


@pytest.mark.parametrize(("kind", "heard"), [("DRONE", True), ("HELICOPTER", False), ("BACKGROUND", False)])
def test_drones_outdoors_are_heard_and_nothing_else_is(kind, heard, tmp_path, monkeypatch, capsys):
    """Every clip of a drone has an event, no clip of a helicopter or of the background has one."""
    monkeypatch.chdir(tmp_path)
    clips = sorted(map(str, CLIPS.glob(f"{kind}_*.flac")))
    assert len(clips) == 20
    assert main(["replay", *clips]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["file"] for event in events} == (set(clips) if heard else set())
    assert all(0 <= event["start_s"] < event["observed_s"] <= event["end_s"] + 2 <= 12.01 for event in events)
