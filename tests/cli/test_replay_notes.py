"""What replay notes of each frame, and how it is drawn: to be read on any ground."""

from dataclasses import replace

import numpy as np
import pytest

from edged.annotation.annotated import annotate, event_lines
from edged.annotation.drawing import Pen, colour_of
from edged.annotation.notes import Mark, Notes
from edged.annotation.outlines import Outline, outlines_of
from edged.messages.event import Event, ModelUse, Phase
from edged.messages.objects import DetectedObjects, LostObject, Sighting, TrackedObject
from edged.messages.vision import Box, Frame, Glimpse
from edged.pipelines.faces import FacesConfig
from edged.pipelines.objects import ObjectsConfig
from edged.runtime.flow import Flow
from edged.runtime.health import Health
from edged.stages.track_faces import TrackFaces, TrackingConfig
from tests.faces import a_face, detected, matched, refused

USE = ModelUse("made_up", "0" * 64, "cpu")
BOX = Box(60, 60, 140, 160)


def an_event(phase=Phase.START, label="Ada", **changed):
    made = Event("01", "door", phase, label, 0.97, 1.0, 2.0, 2.0, 0.0, USE)
    return replace(made, **changed)


def an_object(frame, track, label="cat", box=BOX):
    return TrackedObject(frame, Sighting(box, label, 0.8), track, label, USE)


def a_mark(event=None, label="cat", fresh=True, box=BOX):
    return Mark(box, 3, label, 0.8, event, fresh)


def test_each_face_is_where_the_detector_saw_it_looked_at_or_not():
    """A glimpse has no box of its own: it has the place among the frame's faces."""
    track, notes = TrackFaces(TrackingConfig(first_looks=1)), Notes("door")
    faces = (a_face(20, 20), a_face(300, 200), a_face(500, 30))
    kinds = set()
    for at_s in (0.0, 0.05, 0.1):
        notes.next_frame()
        seen = detected(at_s, *faces)
        notes.look(seen)
        for item in track(seen):
            kinds.add(type(item))
            notes.look(item)
            notes.look(item)  # as a stage gives it again that it passes by
        assert [mark.box for mark in notes.marks()] == [face.box for face in faces]
        assert [mark.track for mark in notes.marks()] == [1, 2, 3]
    assert Glimpse in kinds


def test_a_face_is_a_guess_until_its_event_names_it_and_after_the_end_again():
    """The question mark is the difference; the score is of what is said."""
    notes = Notes("door")
    face = a_face()
    notes.look(detected(0.0, face))
    notes.look(Glimpse(1, 0.0, 0.0))
    assert [(mark.label, mark.score) for mark in notes.marks()] == [("face", face.score)]
    notes.look(matched(0.1, [("ada", 0.6)]))
    assert [(mark.label, mark.score, mark.event) for mark in notes.marks()] == [("Ada?", 0.6, None)]
    notes.tell(an_event())
    assert [(mark.label, mark.score) for mark in notes.marks()] == [("Ada", 0.97)]
    notes.tell(an_event(Phase.END))
    assert [(mark.label, mark.event) for mark in notes.marks()] == [("Ada?", None)]
    notes.look(refused(0.2))
    assert notes.marks()[0].label == "spoof?"


def test_events_are_told_while_they_are_on_and_for_a_moment_after():
    """A line a pipeline and state."""
    notes = Notes("door")
    notes.tell(an_event())
    assert event_lines([notes], 3.0) == ["● door: Ada 0.97 for 2.0 s"]
    notes.tell(an_event(Phase.END, observed_s=4.0, end_s=3.5))
    assert event_lines([notes], 5.0) == ["○ door: Ada 0.97 after 2.5 s"]
    assert event_lines([notes], 6.5) == []


def test_an_object_has_its_event_and_what_was_not_looked_at_stays_where_it_was():
    """Behind a closed gate for motion nothing is detected; the box is then told from a fresh one. The lost are gone."""
    notes, frame = Notes("yard"), Frame(np.zeros((200, 300, 3), np.uint8), 0.0)
    seen = DetectedObjects(frame, (), USE)
    notes.next_frame()
    notes.look(seen)
    notes.look(an_object(frame, 7))
    notes.tell(an_event(label="cat"))
    notes.look(an_object(frame, 8, "dog"))
    assert [(mark.track, mark.label, mark.event is not None) for mark in notes.marks()] == [
        (7, "cat", True),
        (8, "dog", False),
    ]
    notes.next_frame()
    assert [(mark.track, mark.fresh) for mark in notes.marks()] == [(7, False), (8, False)]
    notes.look(LostObject(7, 1.0))
    notes.look(DetectedObjects(frame, (), USE))
    assert notes.marks() == []


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_a_box_and_its_name_stand_out_from_any_ground(ground):
    """The line has a black rim, and the letters are black on the line's colour."""
    picture = np.full((240, 320, 3), ground, np.uint8)
    mark = a_mark(an_event(label="cat"))
    Pen(240).draw_boxes(picture, [mark])
    Pen(240).draw_names(picture, [mark])
    edge = picture[110, 50:70]  # across the left side of the box
    colours = {tuple(pixel) for pixel in edge.tolist()}
    assert {(0, 0, 0), colour_of(mark)} <= colours
    tag = picture[40:58, 60:140].reshape(-1, 3)
    assert (tag == colour_of(mark)).all(axis=1).mean() > 0.3
    assert (tag.max(axis=1) < 60).mean() > 0.05


def test_lines_of_text_are_white_on_a_dark_ground_and_inside_the_picture():
    """However long they are."""
    picture = np.full((120, 160, 3), 255, np.uint8)
    Pen(120).draw_lines(picture, ["● door: " + ", ".join(["Ada 0.97 for 2.0 s"] * 9)], at_top=False)
    strip = picture[-14:]
    assert 0.05 < (strip.min(axis=2) > 200).mean() < 0.6
    assert (strip.max(axis=2) < 80).mean() > 0.3
    assert (picture[:60] == 255).all()


@pytest.mark.parametrize("box", [Box(-50, -50, 20, 20), Box(250, 100, 400, 500), Box(5, 5, 6, 6), Box(0, 0, 320, 240)])
def test_whatever_lies_at_or_beyond_the_edge_can_be_drawn(box):
    """The name is moved into the picture, whatever letters it has; the frame itself stays as it was."""
    picture = np.full((240, 320, 3), 90, np.uint8)
    notes = Notes("yard")
    notes.look(DetectedObjects(Frame(picture, 0.0), (), USE))
    notes.look(an_object(Frame(picture, 0.0), 1, "Zoë 李明 " * 20, box))
    drawn = annotate(Frame(picture, 3725.25), [notes])
    assert drawn.shape == picture.shape
    assert (picture == 90).all()
    assert (drawn != annotate(Frame(picture, 3725.25), [])).mean() > 0.02


def test_names_do_not_cover_one_another_where_there_is_room():
    """Two boxes at the same place have two names to be read."""
    alone, both = np.zeros((240, 320, 3), np.uint8), np.zeros((240, 320, 3), np.uint8)
    event = an_event(label="cat")
    Pen(240).draw_names(alone, [a_mark(event)])
    Pen(240).draw_names(both, [a_mark(event), a_mark(event)])
    alone_px, both_px = ((each == colour_of(a_mark(event))).all(axis=2).sum() for each in (alone, both))
    assert both_px > alone_px + 500


def test_no_name_covers_the_time():
    """Of what is in the corner, the name is under it."""
    picture = np.full((240, 320, 3), 90, np.uint8)
    notes = Notes("yard")
    notes.look(DetectedObjects(Frame(picture, 0.0), (), USE))
    notes.look(an_object(Frame(picture, 0.0), 1, box=Box(0, 0, 60, 60)))
    plain, drawn = annotate(Frame(picture, 1.0), []), annotate(Frame(picture, 1.0), [notes])
    letters = (plain[:14, 3:40] > 200).all(axis=2)
    assert letters.sum() > 20
    assert (drawn[:14, 3:40][letters] > 200).all()
    assert (drawn[15:30, 5:55] == (200, 200, 200)).all(axis=2).any()


SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def test_a_pipelines_zones_and_masks_have_outlines():
    """Masks for motion only where motion is looked at; kinds without areas have none."""
    given = {"zones": {"gate": {"points": SQUARE}}, "detection": {"masks": [SQUARE]}, "motion": {"masks": [SQUARE]}}
    named = [(one.name, one.matters) for one in outlines_of(ObjectsConfig.model_validate(given), "yard: ")]
    assert named == [("yard: gate", True), ("yard: mask", False), ("yard: motion mask", False)]
    given["motion"] = {"enabled": False, "masks": [SQUARE]}
    assert len(outlines_of(ObjectsConfig.model_validate(given))) == 2
    assert outlines_of(FacesConfig()) == outlines_of(None) == ()


@pytest.mark.parametrize("ground", [0, 255])
def test_an_area_is_a_thin_line_with_its_name_inside_to_be_seen_on_any_ground(ground):
    """What is in it can still be seen; the frame itself stays as it was."""
    picture = np.full((240, 320, 3), ground, np.uint8)
    frame = Frame(picture, 1.0)
    plain, drawn = annotate(frame, []), annotate(frame, [], [Outline("gate", SQUARE, matters=True)])
    changed = np.argwhere((plain != drawn).any(axis=2))
    assert changed.min(axis=0).tolist() == pytest.approx([60, 80], abs=2)
    assert changed.max(axis=0).tolist() == pytest.approx([179, 239], abs=2)
    assert (drawn[80:176, 84:236] == ground).all()
    edge = drawn[120, 75:85].max(axis=1)
    assert edge.min() == 0
    assert edge.max() == 255
    name = drawn[63:76, 84:120].max(axis=2)
    assert (name > 200).mean() > 0.1
    assert (name < 80).mean() > 0.3
    assert (picture == ground).all()


def test_names_of_areas_cover_neither_one_another_nor_the_time():
    """Two areas at the same place, in the corner."""
    frame = Frame(np.zeros((240, 320, 3), np.uint8), 1.0)
    corner = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    one, two = Outline("gate", corner, matters=True), Outline("yard", corner, matters=False)
    plain, drawn = annotate(frame, []), annotate(frame, [], [one, two])
    assert (drawn[3:14, 3:40] == plain[3:14, 3:40]).all()
    places = Pen(240).name_outlines(frame.picture.copy(), [one, two])
    assert places[0].bottom <= places[1].top


def test_an_onlooker_is_shown_what_each_stage_gives_before_the_next_one_has_it():
    """So that whoever draws need not ask the stages."""
    seen, got = [], []

    def double(item):
        yield item * 2

    def text(item):
        seen.append("text")
        yield str(item)

    pipeline = Flow.start("p", [], float).then(double).then(text).into(got.append, health=Health().part("p"))
    pipeline.feed(1)
    assert seen == ["text"]
    pipeline.onlooker = seen.append
    pipeline.feed(4)
    assert seen == ["text", 8, "text", "8"]
    assert got == ["2", "8"]
