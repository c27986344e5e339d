"""Teaching: samples come from pictures and cameras, and are stored all at once, after edged has asked back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.control.protocol import ControlError, Progress
from edged.enrolment.examine import Reason
from edged.enrolment.wire import WirePicture, WireSample, of_picture, of_sample, understand
from edged.errors import EdgedError, GalleryError
from edged.gallery.crops import encode_crop
from tests.enrolment.box import PEER, SHA256, a_box, picture_of, picture_with, sample


@pytest.fixture
def box(tmp_path):
    with a_box(tmp_path) as made:
        yield made


def samples_of(person, count=3):
    return [of_sample(sample(person, look)) for look in range(count)]


def test_a_picture_becomes_a_sample(box):
    """It says where it is from."""
    answer = box.ask("enroll.picture", picture=of_picture(picture_of(3)), origin="a.jpg")
    assert answer == {"sample": of_sample(sample(3, origin="a.jpg"))}
    assert box.looks.asked == [("a.jpg", 1, True)]


@pytest.mark.parametrize("reason", list(Reason))
def test_a_picture_that_teaches_nothing_is_told_why(box, reason):
    """In words."""
    answer = box.ask("enroll.picture", picture=of_picture(picture_with(reason)), origin="a.jpg")
    assert answer == {"refused": reason.value}


def test_after_a_change_of_the_embedder_kept_pictures_teach_it(box):
    """Whoever has none is named; those of today's embedder are left alone."""
    old = "cd" * 32
    kept = replace(sample(1, sha256=old), crop=encode_crop(picture_of(1)))
    box.gallery.add("Ana", [kept], by="test")
    box.gallery.add("Bea", [sample(2, sha256=old)], by="test")
    box.gallery.add("Cleo", [sample(3)], by="test")
    assert box.ask("people.re-embed") == {"model": "embedder", "people": ["Ana"], "left": ["Bea"]}
    assert box.gallery.embeddings(SHA256)[0].shape == (2, 16)


def test_a_person_is_stored_with_all_that_was_said_of_them(box):
    """And with who did it."""
    person = box.ask(
        "enroll.store", name="Ana", samples=samples_of(1), notes="keys", consent="2026-11-21", expires="2027-01-01"
    )["person"]
    assert (person["name"], person["samples"], person["notes"]) == ("Ana", 3, "keys")
    assert (person["consent"], person["expires"]) == ("2026-11-21", "2027-01-01")


def test_who_looks_like_somebody_enrolled_is_asked_about(box):
    """Nothing is stored until it is confirmed."""
    box.ask("enroll.store", name="Ana", samples=samples_of(1))
    answer = box.ask("enroll.store", name="Bea", samples=[of_sample(sample(1, look)) for look in (7, 8)])
    assert [doubt[15:] for doubt in answer["doubts"]] == [' to "Ana": the same person?']
    assert [person.name for person in box.gallery.people()] == ["Ana"]
    box.ask("enroll.store", name="Bea", samples=samples_of(1, 2), sure=True)
    assert [person.name for person in box.gallery.people()] == ["Ana", "Bea"]


def test_samples_that_disagree_are_asked_about(box):
    """Each that is unlike the others is named."""
    mixed = [*samples_of(1, 3), of_sample(sample(2, origin="stray.jpg"))]
    answer = box.ask("enroll.store", name="Ana", samples=mixed)
    assert any("to the other samples: stray.jpg" in doubt for doubt in answer["doubts"])
    assert box.gallery.people() == []


def test_somebody_who_is_enrolled_can_be_added_to(box):
    """Only where that is said; being like themselves is no doubt."""
    box.ask("enroll.store", name="Ana", samples=samples_of(1, 2))
    more = [of_sample(sample(1, look)) for look in (5, 6)]
    with pytest.raises(GalleryError, match="enrolled already"):
        box.ask("enroll.store", name="ana", samples=more, sure=True)
    assert box.ask("enroll.store", name="ana", samples=more, add=True)["person"]["samples"] == 4


def test_a_camera_gives_samples_prompt_by_prompt(tmp_path):
    """Who turns up, is told what is wrong, and is taken when all is well; the camera is let go of."""
    frames = [None, picture_with(Reason.NO_FACE), picture_with(Reason.SMALL), *[picture_of(1)] * 2, picture_of(2)]
    with a_box(tmp_path, [*frames, *[picture_of(1)] * 5]) as box:
        *told, last = box.answers("enroll.camera", source="camera", count=3)
    assert [one.value["prompt"] for one in told] == [
        "wait: no picture came from the camera yet",
        "come in front of the camera",
        "come closer",
        "turn your head a little to your left",
        "look straight at the camera",
        "this is somebody else: one person at a time",
        "thank you",
    ]
    assert [one.value["taken"] for one in told] == [0, 0, 0, 1, 2, 2, 3]
    assert len(last.value["samples"]) == 3
    assert box.closed
    assert {asked[1:] for asked in box.looks.asked} == {(1, True)}  # one track, and it must be live


def test_a_session_that_is_cancelled_lets_go_of_the_camera_and_stores_nothing(tmp_path):
    """Closing the answers is what the server does when its client goes away."""
    with a_box(tmp_path, [picture_of(1)] * 10) as box:
        answers = box.handlers["enroll.camera"]({"source": "camera", "count": 9}, PEER)
        assert isinstance(next(answers), Progress)
        answers.close()
        assert box.closed
        assert box.gallery.people() == []


def test_a_camera_that_shows_nothing_to_learn_is_given_up(tmp_path):
    """With what was wrong at last."""
    with a_box(tmp_path, [picture_with(Reason.DARK)] * 100, give_up_s=60) as box:
        with pytest.raises(ControlError, match="0 of 5 samples, last: too dark or too bright"):
            box.answers("enroll.camera", source="camera")
        assert len(box.looks.asked) == 61


@pytest.mark.parametrize(
    ("do", "arguments", "said"),
    [
        ("enroll.store", {}, "name: Field required"),
        ("enroll.store", {"name": "Ana", "samples": []}, "samples: "),
        ("enroll.store", {"name": "A\nna", "samples": samples_of(1)}, "U\\+000A"),
        ("enroll.store", {"name": "Ana", "samples": samples_of(1), "colour": "red"}, "colour: Extra inputs"),
        ("enroll.camera", {"source": "camera", "count": 0}, "count: "),
        ("enroll.camera", {"source": "garden"}, "garden: is no camera"),
        (
            "enroll.picture",
            {"picture": {"width": 2, "height": 2, "bgr": "AAAA"}, "origin": ""},
            "3 bytes, must be 2 x 2",
        ),
        ("enroll.picture", {"picture": {"width": 9999, "height": 2, "bgr": ""}, "origin": ""}, "picture.width: "),
        ("enroll.picture", {"picture": {"width": 1, "height": 1, "bgr": "?"}, "origin": ""}, "is not base64"),
    ],
)
def test_a_request_that_cannot_be_names_what_is_wrong(box, do, arguments, said):
    """The argument and why, in one line."""
    with pytest.raises(EdgedError, match=said) as refused:
        box.ask(do, **arguments)
    assert "\n" not in str(refused.value)
    assert box.gallery.people() == []


@given(st.binary(max_size=80), st.floats(), st.text(max_size=5))
def test_a_forged_sample_is_refused(content, quality, sha256):
    """Whatever bytes stand for an embedding."""
    forged = of_sample(sample(1)) | {"embedding": content.hex(), "quality": quality, "sha256": sha256}
    with pytest.raises(ControlError):
        understand(WireSample, forged).sample()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_pictures_come_out_as_they_went_in(width, height, seed):
    """Every pixel."""
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert np.array_equal(understand(WirePicture, of_picture(picture)).picture(), picture)


def test_samples_come_out_as_they_went_in():
    """To the last bit."""
    before = sample(5)
    after = understand(WireSample, of_sample(before)).sample()
    assert after.embedding.tobytes() == before.embedding.tobytes()
    assert of_sample(after) == of_sample(before)
