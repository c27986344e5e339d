"""`edged replay` of films: every frame, events as of sound, and the same film with what was seen drawn into it."""

import json
import re
import signal
import subprocess
import sys
import textwrap
from itertools import pairwise

import cv2
import numpy as np
import pytest

from edged.annotation.annotated import annotated_film
from edged.annotation.film import Film
from edged.cli import main
from edged.cli.replayed import Replayed
from edged.cli.replayed_film import Screening
from edged.errors import EdgedError, RecordingError
from edged.messages.event import Event, ModelUse, Phase
from edged.runtime.flow import Flow
from edged.runtime.health import Health
from tests.cameras import moving, wait_until, write_video
from tests.faces import face_models
from tests.objects import DATA, NEED_DATA, object_models

__all__ = ["face_models", "object_models"]
PEOPLE = DATA / "ambianic__ambianic-edge" / "video" / "test_images_video.avi"
"""640 x 480, 6 frames, one a second, with a man and chairs."""


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config(tmp_path, object_models):
    """A box that hears drones and sees objects."""
    path = tmp_path / "edged.yaml"
    pipelines = {"drones": {"kind": "drones"}, "yard": {"kind": "objects", "source": "camera"}}
    sources = {"microphone": {"type": "microphone"}, "camera": {"type": "camera", "device": 0}}
    path.write_text(json.dumps({"models": {"path": str(object_models)}, "sources": sources, "pipelines": pipelines}))
    return path


def facts_of(path):
    """Width, height, frames a second and frames of a film."""
    capture = cv2.VideoCapture(str(path))
    frames = 0
    while capture.grab():
        frames += 1
    keys = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
    return (*(capture.get(key) for key in keys), frames)


@NEED_DATA
def test_a_film_gives_events_in_its_own_seconds_beside_sound_in_one_call(config, recording, tmp_path, capsys):
    """What is neither is one line, and the exit status says so; frames a second are told at the end."""
    text = tmp_path / "note.txt"
    text.write_text("no film, no sound\n" * 50)
    assert main(["replay", "-c", str(config), str(PEOPLE), str(text), str(recording)]) == 1
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    people = [event for event in events if event["label"] == "person"]
    assert {(event["pipeline"], event["file"]) for event in people} == {("yard", str(PEOPLE))}
    assert all(0 <= event["start_s"] <= event["end_s"] <= 6 for event in people)
    assert [event["file"] for event in events if event["label"] == "drone"] == [str(recording)]
    assert [line for line in err.splitlines() if line.startswith("edged: ")] == [
        line for line in err.splitlines() if line.startswith(f"edged: {text}: is no video that OpenCV can read, and no")
    ]
    told = r"3 files, 1 with errors, 20\.0 s of sound and 6\.0 s of film in .* x real time, 6 frames, [\d.]+ frames/s\)"
    assert re.search(told, err)


@NEED_DATA
def test_the_annotated_film_has_the_size_rate_and_frames_of_the_film(config, tmp_path, capsys):
    """What was seen is drawn into it; events come out as ever."""
    target = tmp_path / "out.mp4"
    assert main(["replay", "-c", str(config), "--output", "csv", "--annotate", str(target), str(PEOPLE)]) == 0
    assert "person" in capsys.readouterr().out
    assert target.stat().st_mode & 0o777 == 0o600
    assert facts_of(target) == facts_of(PEOPLE) == (640, 480, 1, 6)
    before, after = cv2.VideoCapture(str(PEOPLE)), cv2.VideoCapture(str(target))
    for _ in range(4):
        changed = np.abs(before.read()[1].astype(int) - after.read()[1]).max(axis=2) > 60
    assert 0.005 < changed[40:-60].mean() < 0.2  # boxes, not only the lines in the corners
    assert {path.name for path in tmp_path.iterdir()} <= {"out.mp4", "edged.yaml", "state"}


@NEED_DATA
def test_the_zones_that_count_are_drawn_into_the_film(config, tmp_path, capsys):
    """By the pipeline's name and theirs; one film is one file, and not one files."""
    made = {}
    for name, zones in (
        ("without", {}),
        ("with", {"door": {"points": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.9], [0.1, 0.9]]}}),
    ):
        content = json.loads(config.read_text())
        content["pipelines"]["yard"] |= {"zones": zones}
        config.write_text(json.dumps(content))
        target = tmp_path / f"{name}.mp4"
        assert main(["replay", "-c", str(config), "--annotate", str(target), str(PEOPLE)]) == 0
        made[name] = cv2.VideoCapture(str(target)).read()[1].astype(int)
    changed = np.argwhere(np.abs(made["with"] - made["without"]).max(axis=2) > 60)
    assert changed.min(axis=0).tolist() == pytest.approx([96, 64], abs=4)
    assert changed.max(axis=0).tolist() == pytest.approx([431, 192], abs=4)
    assert re.search(r"^1 file, 6\.0 s of film in ", capsys.readouterr().err, re.MULTILINE)


@NEED_DATA
def test_faces_in_a_film_are_unknown_without_a_gallery_and_that_is_said_once(face_models, tmp_path, capsys):
    """However many films there are; a folder takes an annotated film of each."""
    config, folder, copy = tmp_path / "edged.yaml", tmp_path / "out", tmp_path / "copy.avi"
    copy.write_bytes(PEOPLE.read_bytes())
    folder.mkdir()
    pipelines = {"door": {"kind": "faces"}}
    sources = {"camera": {"type": "camera", "device": 0}}
    config.write_text(json.dumps({"models": {"path": str(face_models)}, "sources": sources, "pipelines": pipelines}))
    assert main(["replay", "-c", str(config), "--annotate", str(folder), str(PEOPLE), str(copy)]) == 0
    assert capsys.readouterr().err.count("holds no gallery") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["copy.avi.mp4", f"{PEOPLE.name}.mp4"]


def test_a_film_is_not_looked_at_where_nothing_looks(tmp_path, capsys):
    """And none without sound passes for one without events; nor is a film promised that is not written."""
    film = write_video(tmp_path / "film.avi", [moving(number) for number in range(5)])
    assert main(["replay", "--annotate", str(tmp_path / "out.mp4"), str(film)]) == 1
    err = capsys.readouterr().err
    assert f"edged: {film}: is a film without sound, and no pipeline that looks is on" in err
    assert "no film was looked at; nothing was written" in err


@pytest.mark.parametrize(
    ("annotate", "why"),
    [
        ("film.avi", "must end in .mp4"),
        ("film.mp4", "is one of the films itself"),
        ("b.mp4 other.mp4", "several files need an existing folder"),
        (". other/film.mp4", "several of the files would be"),
    ],
)
def test_a_film_that_would_be_overwritten_is_refused(tmp_path, capsys, annotate, why):
    """Before anything is done, with exit status 78."""
    target, *others = annotate.split()
    assert main(["replay", "--annotate", target, "film.mp4", *others]) == 78
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("fps", [1, 12.5, 29.97, 300])
def test_every_frame_is_given_at_its_time(tmp_path, fps):
    """However fast they follow."""
    film = Film(write_video(tmp_path / "film.avi", [moving(number) for number in range(60)], fps))
    times = [frame.at_s for frame in film]
    assert len(times) == 60
    assert all(before < after for before, after in pairwise(times))
    assert times[-1] == pytest.approx(59 / fps, rel=0.02)
    assert film.duration_s == pytest.approx(60 / fps, rel=0.02)


def test_a_film_that_is_cut_off_gives_what_there_is_and_then_says_so(tmp_path):
    """As sound does."""
    path = write_video(tmp_path / "film.avi", [moving(number) for number in range(200)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames = []
    with pytest.raises(RecordingError, match=r"film\.avi: damaged after \d\.\d s of 10\.0 s"):
        frames.extend(Film(path))
    assert 50 < len(frames) < 150


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.mp4", None),
        ("empty.mp4", b""),
        ("text.txt", b"words, words\n" * 500),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfilm.avi\n"),
        ("one.png", cv2.imencode(".png", moving(1))[1].tobytes()),
        ("noise.mp4", np.random.default_rng(0).bytes(5000)),
        ("n\udcff.mp4", b"\0" * 100),
    ],
    ids=["absent", "empty", "text", "list", "picture", "noise", "name"],
)
def test_what_is_no_film_is_refused_with_its_name(tmp_path, name, content):
    """Neither text nor a still picture is one, though FFmpeg shows both; a name that is not UTF-8 ends no process."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError) as refused:
        Film(path)
    assert "\n" not in str(refused.value)
    assert name.encode("ascii", "backslashreplace").decode() in str(refused.value)


class Shop:
    """Builds a pipeline of a kind that nobody knows: it tells of the brightest frames, and stumbles over some."""

    def __init__(self, *bad):
        self._bad = bad

    def build(self, name, config, source, *sinks, stack):
        def tell(frame):
            if frame.at_s in self._bad:
                raise ValueError("bad frame")
            use = ModelUse("made_up", "0" * 64, "cpu")
            for phase in (Phase.START, Phase.END):
                yield Event(str(frame.at_s), name, phase, "seen", 1.0, frame.at_s, frame.at_s, frame.at_s, 0.0, use)

        part = Health().part(name)
        return Flow.start(name, source, lambda frame: frame.at_s).then(tell).into(*sinks, health=part), part


def screen(film, shop, annotated):
    """Through two pipelines; what each made of it, all events in the order of their telling, and what it ended with."""
    told, fault = [], None
    replayed = {
        name: Replayed(film.path, name, lambda it, event: told.append((event.id, it.pipeline))) for name in ("a", "b")
    }
    try:
        Screening(film, replayed, lambda _: None).run(dict.fromkeys(replayed), shop, annotated)
    except (EdgedError, ValueError) as error:
        fault = error
    return replayed, told, fault


def test_any_kind_of_pipeline_looks_at_every_frame_and_events_come_in_order(tmp_path):
    """Pipelines run side by side, and what they tell is as if they did not."""
    film = Film(write_video(tmp_path / "film.avi", [moving(number) for number in range(30)]))
    replayed, told, fault = screen(film, Shop(), tmp_path / "out.mp4")
    assert fault is None
    assert [one.frames for one in replayed.values()] == [30, 30]
    assert told == [(str(frame.at_s), name) for frame in film for name in ("a", "b")]
    assert facts_of(tmp_path / "out.mp4")[3] == 30


def test_a_frame_lost_to_an_error_is_said_and_the_film_goes_on(tmp_path):
    """But not where every frame is."""
    film = Film(write_video(tmp_path / "film.avi", [moving(number) for number in range(30)]))
    times = [frame.at_s for frame in film]
    _, told, fault = screen(film, Shop(*times[3:5]), tmp_path / "out.mp4")
    assert "film.avi: 2 frames were lost to a's errors, first tell: ValueError('bad frame')" in str(fault)
    assert len(told) == 56
    _, _, fault = screen(film, Shop(*times), tmp_path / "none.mp4")
    assert str(fault) == "bad frame"
    assert {path.suffix for path in tmp_path.iterdir()} == {".avi", ".mp4"}
    assert not list(tmp_path.glob("none*"))


def test_a_film_with_uneven_times_keeps_them(tmp_path):
    """A frame is shown until the next one's time, each at least once."""
    path = tmp_path / "film.mp4"
    with annotated_film(path, 10) as write:
        for at_s in (0.0, 0.1, 0.14, 0.5, 1.0):
            write(moving(round(at_s * 100)), at_s)
    assert facts_of(path) == (320, 240, 10, 11)


def test_a_full_disk_leaves_no_film_and_is_said(tmp_path):
    """OpenCV itself does not tell."""
    code = """
        import resource, signal, sys
        from pathlib import Path
        from edged.annotation.annotated import annotated_film
        from edged.errors import EdgedError
        from tests.cameras import moving
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            with annotated_film(Path("film.mp4"), 20) as write:
                for number in range(100):
                    write(moving(number), number / 20)
        except EdgedError as error:
            sys.exit(str(error))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert "cannot be written; is the disk full?" in done.stderr
    assert done.returncode == 1
    assert [path.name for path in tmp_path.iterdir() if "film" in path.name] == []


@NEED_DATA
def test_ctrl_c_leaves_no_half_film(config, tmp_path):
    """And ends at once, with the status of that."""
    target = tmp_path / "out.mp4"
    command = [sys.executable, "-m", "edged", "replay", "-c", config, "--speed", "1", "--annotate", target, PEOPLE]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    ) as running:
        wait_until(lambda: list(tmp_path.glob("out*")), 20)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=10)[1]
    assert (running.returncode, said) == (130, "")
    assert list(tmp_path.glob("out*")) == []
