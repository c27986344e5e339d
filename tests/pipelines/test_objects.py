"""The chain of objects: what people do on a film, told as events."""

import cv2
import pytest
from pydantic import ValidationError

from edged.errors import ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.messages.event import Phase
from edged.pipelines.objects import ObjectsConfig, objects
from edged.runtime.flow import INTERRUPTION
from edged.runtime.health import Health
from tests.objects import DATA, EPOCH_S, NEED_DATA, FakeDetector, a_frame, object_models

__all__ = ["object_models"]

FILM = DATA / "intel-iot-devkit__sample-videos" / "video" / "one-by-one-person-detection.mp4"
FIRST_S, LAST_S = 17.0, 23.5
ZONES = {
    "middle": {"points": [[0.4, 0], [0.6, 0], [0.6, 1], [0.4, 1]]},
    "right": {"points": [[0.6, 0], [1, 0], [1, 1], [0.6, 1]]},
}
PERSON, DOG = ("person", 0.9, (0.4, 0.2, 0.6, 0.8)), ("dog", 0.9, (0.4, 0.2, 0.6, 0.8))


def run(config, source, model):
    """The events, and what health counted."""
    events, part = [], Health().part("pipelines.yard")
    objects("yard", ObjectsConfig.model_validate(config), source, model, part, events.append).run()
    return events, part.snapshot().counters


def phases(events):
    return [(event.phase.value, event.label) for event in events if event.phase is not Phase.UPDATE]


@NEED_DATA
def test_who_walks_out_of_the_picture_has_one_event_with_their_way(object_models):
    """A woman at a table goes away to the right; a man comes after her. Looked at five times a second."""
    film = cv2.VideoCapture(str(FILM))
    rate = film.get(cv2.CAP_PROP_FPS)
    film.set(cv2.CAP_PROP_POS_FRAMES, round(FIRST_S * rate))
    pictures = [film.read()[1] for _ in range(round((LAST_S - FIRST_S) * rate))]
    film.release()
    frames = [a_frame(n / rate, picture) for n, picture in enumerate(pictures)][:: round(rate / 5)]
    model = Catalogue(ModelsConfig(path=object_models)).load("objects_coco_ssd")
    config = {"detection": {"labels": {"person": {}}}, "zones": ZONES, "tracking": {"lost_s": 1.0}}
    events, _ = run(config, frames, model)
    assert phases(events) == [("start", "person"), ("end", "person")] * 2
    woman = [event for event in events if event.id == events[0].id]
    assert {"middle", "right"} <= {zone for event in woman for zone in event.zones}
    assert woman[0].zones == ("middle",)
    assert woman[-1].zones == ("right",)
    assert woman[-1].path[-1].x > woman[-1].path[0].x + 0.2
    assert woman[-1].evidence["zone_right_s"] < woman[-1].evidence["dwell_s"]
    assert woman[-1].latency_ms.keys() >= {"gate_motion", "detect_objects", "track_objects", "smooth_objects"}


def test_an_empty_scene_is_hardly_looked_at_and_what_stands_there_is_seen():
    """One look in ten seconds; what is found then is looked at until it stands still, and its event goes on."""
    empty, there = FakeDetector([]), FakeDetector([PERSON])
    minute = [a_frame(n / 10) for n in range(600)]
    assert run({}, minute, empty) == ([], {"items": 600, "still": 594})
    assert len(empty.shown) == 6
    events, counted = run({}, minute, there)
    assert phases(events) == [("start", "person"), ("end", "person")]
    assert events[-1].evidence["dwell_s"] >= 50
    assert counted["still"] > 500


def test_what_went_away_unseen_ends():
    """The look that misses it is followed by others, until it is lost."""
    source = [a_frame(n / 10) for n in range(600)]
    events, _ = run({}, source, FakeDetector(*[[PERSON]] * 53, []))
    assert phases(events) == [("start", "person"), ("end", "person")]
    assert events[-1].observed_s == pytest.approx(events[-1].end_s + 10 + 2, abs=0.5)


def test_an_interruption_ends_what_is_on():
    """What comes after it is another object."""
    half = [a_frame(n / 10) for n in range(10)]
    events, _ = run({}, [*half, INTERRUPTION, *half], FakeDetector([PERSON]))
    assert phases(events) == [("start", "person"), ("end", "person")] * 2
    assert events[0].evidence["track"] != events[-1].evidence["track"]


def test_events_may_be_held_back():
    """As those of any pipeline; the event keeps its way and its zones."""
    source = [a_frame(n / 10) for n in range(50)]
    events, counted = run({"publish": {"min_confidence": 0.95}}, source, FakeDetector([PERSON]))
    assert (events, counted["held_confidence"]) == ([], 1)
    events, _ = run({"zones": ZONES}, source, FakeDetector([PERSON]))
    assert events[0].zones == ("middle",)
    assert events[0].path
    assert events[0].epoch_s == EPOCH_S


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"events": {"only_in_zones": True}}, "events.only_in_zones: true, needs at least one of `zones`"),
        (
            {"zones": {"gate": {**ZONES["right"], "labels": ["cat"]}}, "detection": {"labels": {"dog": {}}}},
            "zones.gate.labels: 'cat', must be one of detection.labels",
        ),
        ({"zones": {"gate": {"points": [[0, 0], [1, 1]]}}}, "at least 3 items"),
        ({"zones": {f"z{n}": ZONES["right"] for n in range(7)}}, "at most 6 items"),
        ({"zones": {"A gate": ZONES["right"]}}, "zones.A gate"),
    ],
)
def test_settings_that_make_no_sense_are_refused(config, message):
    """With the key and what it must be."""
    with pytest.raises(ValidationError, match=message):
        ObjectsConfig.model_validate(config)


def test_labels_of_zones_are_the_model_s_too():
    """A zone about what nobody can see would never be entered."""
    config = {"zones": {"gate": {**ZONES["right"], "labels": ["persn"]}}}
    with pytest.raises(ModelError, match=r"zones.gate.labels: 'persn', is no label of model objects_coco_ssd; did you"):
        run(config, [], FakeDetector([DOG]))
