"""`edged events show`: all that is known of one event, and a picture of its clip."""

import json
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.cli import main
from edged.cli.events.shots_picture import MOST_SHOTS, Shot, draw_shots, spread
from edged.cli.events.sound_picture import FLOOR_PX, LEFT_PX, TOP_PX, WIDTH_PX, draw_sound, height_of, ticks
from edged.cli.events.whereabouts import Whereabouts, box_in
from edged.errors import EdgedError
from edged.messages.event import Phase
from tests.cli.told import Told, a_chirp, an_id, pictures
from tests.sinks.clips.evidence import a_store


@pytest.fixture
def told(tmp_path):
    box = Told(tmp_path)
    box.tell(1, Phase.START, Phase.UPDATE, evidence={"f0_hz": 180.0}, confidence=0.5)
    box.tell(1, Phase.UPDATE, evidence={"f0_hz": 200.0}, confidence=0.9)
    box.tell(1, Phase.END, evidence={"f0_hz": 190.0}, confidence=0.7)
    box.tell(12, subject="person:01HANA", label="Ana", pipeline="faces")
    yield box
    box.box.kill()


def shown(capsys, told, *arguments, status=0):
    assert main(["events", "show", *map(str, arguments), "-c", str(told.config)]) == status
    return capsys.readouterr()


def test_all_that_is_known_is_told(told, capsys):
    """By as much of the id's beginning as no other has, in capitals or not."""
    lines = shown(capsys, told, an_id(1)[:10].lower()).out.splitlines()
    assert lines[0] == "event     drone 0.90, drones, 2026-11-20 12:00:00"
    assert f"id        {an_id(1)}" in lines
    text = "\n".join(lines)
    assert "ended     2026-11-20 12:00:04.000" in text
    assert "lasted 4 s" in text
    assert "told in   messages 1 to 4, 2 of them updates" in lines
    assert f"model     drone_sound on cpu, sha256 {'ab' * 32}" in lines
    assert "evidence  at its start: f0_hz 180\n          at its best: f0_hz 200\n" in text
    assert "latency   in ms, of its last message: classify_sound 0.4, total 1000.0" in lines
    assert lines[-1] == "clip      none is kept"
    assert "subject   person:01HANA" in shown(capsys, told, an_id(12)).out


def test_times_are_told_to_the_millisecond_as_they_were_published(told, capsys):
    """Not one less: no binary fraction is 58.655."""
    told.tell(30, after_s=58.655)
    text = shown(capsys, told, an_id(30)).out
    assert "began     2026-11-20 12:00:58.655 " in text
    assert "ended     2026-11-20 12:01:02.655 " in text


def test_an_id_of_none_or_several_is_one_line(told, capsys):
    """With those that are alike."""
    assert shown(capsys, told, "01KAG", status=1).err.endswith(f"name more of one of them: {an_id(1)}, {an_id(12)}\n")
    assert "x1: is not in the history (any longer); `edged events list`" in shown(capsys, told, "x1", status=1).err
    assert "%: is not in the history" in shown(capsys, told, "%", status=1).err


def test_the_clip_and_what_a_person_said_of_it_are_told(told, capsys):
    """As text and as JSON; the clip is read encrypted as it is, and nothing in its folder is changed."""
    told.keep(1, a_chirp(length_s=1.0))
    store, _ = a_store(told.folder / "clips")
    store.add_feedback(an_id(1), "false_alarm", "lawn mower", "2026-11-20T12:30:00.000Z")
    before = sorted((path, path.stat().st_mtime_ns) for path in (told.folder / "clips").rglob("*"))
    text = shown(capsys, told, an_id(1)).out
    assert f"clip      {told.folder}/clips/{an_id(1)}, encrypted\nfiles     sound.flac (" in text
    assert "feedback  false alarm, it was lawn mower; said at 2026-11-20T12:30:00.000Z" in text
    known = json.loads(shown(capsys, told, an_id(1), "--json").out)
    assert [file["name"] for file in known["clip"]["files"]] == ["sound.flac", "events.json", "feedback.json"]
    assert (known["feedback"]["verdict"], known["standing"]) == ("false_alarm", "ended")
    assert sorted((path, path.stat().st_mtime_ns) for path in (told.folder / "clips").rglob("*")) == before


def test_a_clip_whose_key_is_gone_is_told_and_no_new_key_is_made(told, capsys):
    """What was sealed with the old one would never open again."""
    told.keep(1, a_chirp(length_s=1.0))
    (told.folder / "clips" / "key").unlink()
    error = shown(capsys, told, an_id(1), "--png", told.folder / "x.png", status=78).err
    assert "key: cannot be read: No such file or directory; put it back" in error
    assert not (told.folder / "clips" / "key").exists()
    assert not (told.folder / "x.png").exists()


def test_the_sound_is_drawn_with_its_times_and_frequencies(told, tmp_path, capsys):
    """A chirp from 200 Hz up is a line that rises, as bright where the formula has it."""
    told.keep(1, a_chirp())
    shown(capsys, told, an_id(1), "--png", tmp_path / "clip.png", "--no-inline")
    page = cv2.imread(str(tmp_path / "clip.png"))
    for at_s in (1.0, 3.0, 5.0, 8.0):  # of the clip, which begins 3 s before the event
        hz = 200 + 2 * 140 * at_s
        column = page[TOP_PX:FLOOR_PX, LEFT_PX + round(at_s / 10 * WIDTH_PX) + 4].sum(axis=1)
        assert 1 - np.argmax(column) / len(column) == pytest.approx(height_of(hz), abs=0.02)
    for at_s in (3, 7):
        line = page[TOP_PX:FLOOR_PX, LEFT_PX + round(at_s / 10 * (WIDTH_PX - 1))]
        assert (line == 255).all()


def test_pictures_are_drawn_side_by_side_with_those_of_the_event_framed(told, tmp_path, capsys):
    """A clip of a camera: 12 of them at most, evenly spread."""
    told.keep(12, *pictures(20), pipeline="faces")
    shown(capsys, told, an_id(12), "--png", tmp_path / "clip.png")
    page = cv2.imread(str(tmp_path / "clip.png"))
    edges = [page[32 + row * 208 + 2, column * 328 + 2].tolist() for row in range(3) for column in range(4)]
    during = [edge == [60, 60, 255] for edge in edges]
    times = [-2 + 0.5 * place for place in spread([-2 + 0.5 * place for place in range(20)])]
    assert during == [0 <= at_s <= 4 for at_s in times]
    middles = [int(page[32 + row * 208 + 90, column * 328 + 160].mean()) for row in range(3) for column in range(4)]
    assert middles == sorted(middles)
    assert middles[-1] - middles[0] > 100


def test_without_a_clip_there_is_nothing_to_draw(told, tmp_path, capsys):
    """What is known is told all the same."""
    said = shown(capsys, told, an_id(1), "--png", tmp_path / "x.png", status=1)
    assert "no clip of it is kept, so there is nothing to draw; see clips.enabled" in said.err
    assert "drone 0.90" in said.out


def test_where_it_was_is_known_only_if_the_frames_width_is(told):
    """A clip's pictures are smaller than what the camera gave."""
    evidence = {"box_left": 100.0, "box_top": 50.0, "box_right": 300.0, "box_bottom": 250.0}
    known = evidence | {"frame_width": 1280.0}
    assert box_in(evidence, 640, 360) is None
    assert box_in(known, 640, 360) == (50, 25, 150, 125)
    shots = [Shot(0.0, pictures(1)[0].content)]
    plain, marked = (draw_shots(shots, "x", None, Whereabouts(each)) for each in (evidence, known))
    changed = np.argwhere((plain != marked).any(axis=2))
    assert changed.min(axis=0).tolist() == pytest.approx([32 + 4 + 12, 4 + 25], abs=3)


@pytest.mark.parametrize("broken", [b"", b"rubbish" * 50])
def test_a_damaged_clip_is_one_line(broken):
    """Whatever its bytes are."""
    with pytest.raises(EdgedError, match="cannot be read"):
        draw_sound(broken, "x", 0.0, None)
    with pytest.raises(EdgedError, match="the clip's pictures cannot be read: they are damaged"):
        draw_shots([Shot(0.0, broken)], "x", None)


def test_ticks_are_round_and_few():
    """Whatever the clip's length."""
    assert list(ticks(-3.0, 3.0)) == [-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3]
    for length_s in (0.2, 1, 7, 60, 300):
        assert len(list(ticks(-length_s / 3, length_s * 2 / 3))) <= 13


@given(number=st.integers(1, 300), start=st.integers(-10, 310), began=st.integers(-10, 310))
def test_a_few_pictures_stand_for_all(number, start, began):
    """Spread evenly, in order, with the one nearest to the time that is wanted, such as the event's start."""
    after_s = [float(place - began) for place in range(number)]
    chosen = spread(after_s, float(start - began))
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(number, MOST_SHOTS)
    assert min(max(start, 0), number - 1) in chosen
    assert all(later - earlier <= 2 + 1.6 * number / len(chosen) for earlier, later in pairwise(chosen))
