"""Where it was what an event is about, drawn into the pictures of its clip, with the areas that its pipeline minds."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.cli import main
from edged.cli.events.page import RED
from edged.cli.events.shots_picture import Shot, draw_shots
from edged.cli.events.whereabouts import Step, Whereabouts, box_in, stood, whereabouts_of
from edged.messages.event import Phase
from edged.messages.objects import ObjectEvent, Waypoint
from edged.messages.wire import event_message
from tests.cli.told import Told, an_id, pictures
from tests.events import an_event

SHARES = {"left": 0.25, "top": 0.5, "right": 0.5, "bottom": 1.0}
WAY = [Step(-1.0, 0.0, 0.5), Step(1.0, 0.5, 0.5), Step(3.0, 0.5, 1.0)]
SQUARE = [[0.5, 0.1], [0.9, 0.1], [0.9, 0.5], [0.5, 0.5]]


def blank():
    return np.full((180, 320, 3), 100, np.uint8)


def red_in(picture):
    return np.argwhere((picture == RED).all(axis=2))


def test_an_objects_box_is_in_shares_of_the_picture():
    """So it needs no frame's width; a face's is in pixels."""
    assert box_in(SHARES, 320, 180) == (80, 90, 160, 180)
    assert box_in({"track": 1.0, "score": 0.7}, 320, 180) is None


def test_the_box_is_drawn_where_it_is_asked_for_and_nowhere_else():
    """In the one picture that it is of."""
    picture = blank()
    where = Whereabouts({**SHARES, "bottom": 0.9})
    where.draw(picture, 0.0, boxed=False, during=True)
    assert not red_in(picture).size
    where.draw(picture, 0.0, boxed=True, during=True)
    assert red_in(picture).min(axis=0).tolist() == pytest.approx([90, 80], abs=2)
    assert red_in(picture).max(axis=0).tolist() == pytest.approx([162, 160], abs=2)


def test_the_box_is_in_the_picture_nearest_to_when_it_was_there():
    """The event may have begun a while before."""
    shots = [Shot(after_s, pictures(1)[0].content) for after_s in (0.0, 1.0, 2.0)]
    sheets = [draw_shots(shots, "x", None, Whereabouts(evidence, 0.9)) for evidence in ({}, SHARES)]
    changed = np.argwhere((sheets[0] != sheets[1]).any(axis=2))
    assert {column // 328 for column in changed[:, 1].tolist()} == {1}


def test_a_path_is_a_line_with_a_dot_where_it_stood_then():
    """Only while the event was on."""
    before, during = blank(), blank()
    where = Whereabouts(path=WAY)
    where.draw(before, -2.0, boxed=False, during=False)
    assert (before == 100).all()
    where.draw(during, 2.0, boxed=False, during=True)
    assert during[round(0.75 * 179), round(0.5 * 319)].tolist() == list(RED)
    assert during[90, 60].tolist() != [100, 100, 100]
    assert during[140, 60].tolist() == [100, 100, 100]


@given(st.floats(-5, 5))
def test_a_place_between_two_places_is_on_the_straight_line(after_s):
    """And there is none before the path or after it."""
    at = stood(WAY, after_s)
    if not -1.0 <= after_s <= 3.0:
        assert at is None
    elif after_s <= 1.0:
        assert at == pytest.approx(((after_s + 1) / 4, 0.5))
    else:
        assert at == pytest.approx((0.5, 0.5 + (after_s - 1) / 4))


def test_a_path_begins_when_it_was_first_seen_which_may_be_before_the_event():
    """As with ``only_in_zones``: the last message says for how long it was followed."""
    made = an_event(Phase.END, start_s=10.0, end_s=14.0, observed_s=14.0, evidence={"dwell_s": 6.5})
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    event = ObjectEvent(**fields, path=(Waypoint(0.0, 0.1, 0.2), Waypoint(6.5, 0.3, 0.4)))
    where = whereabouts_of({"dwell_s": 3.0}, event_message(event, 1, 1_700_000_000.0))
    assert where.path == [Step(-2.5, 0.1, 0.2), Step(4.0, 0.3, 0.4)]
    assert where.seen_s == 1.5


def test_zones_and_masks_of_the_pipeline_are_drawn_into_every_picture(tmp_path):
    """As the configuration has them now; with a pipeline that is gone from it there are none."""
    told, drawn = Told(tmp_path), {}
    told.tell(12, pipeline="yard", label="person")
    told.keep(12, *pictures(4), pipeline="yard")
    told.box.kill()
    config = json.loads(told.config.read_text())
    yard = {"kind": "objects", "zones": {"gate": {"points": SQUARE}}}
    camera = {"camera": {"type": "camera", "device": 0}}
    for name, pipelines in (("without", {"door": {"kind": "objects"}}), ("with", {"yard": yard})):
        told.config.write_text(json.dumps(config | {"sources": camera, "pipelines": pipelines}))
        png = str(tmp_path / f"{name}.png")
        assert main(["events", "show", an_id(12), "-c", str(told.config), "--png", png, "--no-inline"]) == 0
        drawn[name] = cv2.imread(png)
    changed = (drawn["with"] != drawn["without"]).any(axis=2)
    for column in range(4):
        tile = np.argwhere(changed[36:216, column * 328 + 4 : column * 328 + 324])
        assert tile.min(axis=0).tolist() == pytest.approx([18, 160], abs=3)
        assert tile.max(axis=0).tolist() == pytest.approx([90, 287], abs=3)


def test_the_picture_that_its_box_is_of_is_among_those_that_are_drawn(tmp_path):
    """Of more than are drawn: half of the time that it was followed for until its event was told."""
    told, png = Told(tmp_path), str(tmp_path / "event.png")
    told.tell(12, Phase.START, pipeline="yard", evidence=SHARES | {"dwell_s": 1.0})
    told.tell(12, Phase.END, pipeline="yard", evidence=SHARES | {"dwell_s": 4.0})
    told.keep(12, *pictures(26), pipeline="yard")
    told.box.kill()
    assert main(["events", "show", an_id(12), "-c", str(told.config), "--png", png, "--no-inline"]) == 0
    page = cv2.imread(png)
    tiles = [
        page[36 + row * 208 : 216 + row * 208, 4 + at * 328 : 324 + at * 328] for row in range(3) for at in range(4)
    ]
    boxed = [place for place, tile in enumerate(tiles) if len(red_in(tile)) > 100]
    assert len(boxed) == 1
    ground = int(np.median(tiles[boxed[0]]))
    assert ground == 40 + 8 * 5  # the picture half a second after the start, of which there are two a second from -2 on
