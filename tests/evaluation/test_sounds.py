"""Evaluating a model of sound events: figures that can be counted by hand, and tables that are wrong."""

import argparse
import json
from contextlib import nullcontext

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from edged.cli.models.evaluate_sounds import evaluate_sounds
from edged.errors import EdgedError
from edged.evaluation.sounds import average_precision, evaluate, labels_of, read_table, summarise
from edged.evaluation.windows import FolderError
from edged.inference.catalogue import Catalogue
from edged.pipelines.sounds import SoundsConfig, classifier
from edged.settings import Settings
from tests.sound_events import DATA, RATE_HZ, TONES_HZ, HearsTones, tone, yamnet

__all__ = ["yamnet"]
CONFIG = SoundsConfig.model_validate({"groups": {"glass": ["Glass", "Shatter"]}})


def folder_of(folder, **clips):
    """Clips of tones, by file: the label, and the tone that it has."""
    rows = ["file,label"]
    for file, (label, heard, seconds) in clips.items():
        soundfile.write(folder / f"{file}.wav", tone(heard, seconds), RATE_HZ)
        rows.append(f'{file}.wav,"{label}"')
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def figures(folder, progress=lambda _done, _total: None):
    model = HearsTones()
    return evaluate(classifier("sounds", CONFIG, model), model.card.labels, CONFIG, folder, progress)


def test_clips_are_told_apart_by_their_classes(tmp_path):
    """A group and single labels; a clip shorter than a window counts too; one of four is another sound."""
    folder = folder_of(
        tmp_path,
        a=("glass", "Shatter", 2),
        b=("Speech", "Speech", 0.5),
        c=("Engine", "Engine", 1.5),
        d=("Engine", "Speech", 1.5),
    )
    told = []
    result = figures(folder, lambda *progress: told.append(progress))
    assert (result["n"], result["top1"]) == (4, 0.75)
    assert result["top1_interval"][0] < 0.75 < result["top1_interval"][1]
    assert {name: (of["n"], of["top1"]) for name, of in result["classes"].items()} == {
        "Engine": (2, 0.5),
        "Speech": (1, 1.0),
        "glass": (1, 1.0),
    }
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    json.dumps(result)


def test_average_precision_is_what_can_be_counted():
    """True at ranks 1 and 3: (1/1 + 2/3) / 2."""
    truth = np.array([True, False, True, False])
    assert average_precision(truth, np.array([0.9, 0.8, 0.7, 0.1])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(truth, np.full(4, 0.5)) == 0.5


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1).filter(lambda it: any(true for true, _ in it)))
def test_average_precision_lies_between_the_share_of_the_true_and_one(clips):
    """One where all the true come first; only the order of scores counts."""
    truth, score = np.array([true for true, _ in clips]), np.array([score for _, score in clips])
    value = average_precision(truth, score)
    assert 1 / len(truth) <= value <= 1
    if score[truth].min() > score[~truth].max(initial=-1):
        assert value == 1.0
    assert value == average_precision(truth, np.unique(score, return_inverse=True)[1].astype(float))


def test_map_is_the_mean_over_classes_and_not_over_clips():
    """A rare class counts as much as a frequent one."""
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.9, 0.1]])
    result = summarise([0, 0, 1], scores, ["often", "rare"])
    precisions = {name: of["average_precision"] for name, of in result["classes"].items()}
    assert precisions == pytest.approx({"often": (1 / 2 + 2 / 3) / 2, "rare": 1 / 3})
    assert result["map"] == pytest.approx((7 / 12 + 1 / 3) / 2)
    assert (result["top1"], result["classes"]["rare"]["top1"]) == (pytest.approx(2 / 3), 0.0)


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (None, "labels.csv: no such file"),
        ("file,name\na.wav,Glass\n", "labels.csv:1: no column label"),
        ("file,label\na.wav,\n", "labels.csv:2: label is empty"),
        ("file,label\n,Glass\n", "labels.csv:2: file is empty"),
        ("file,label\nno.wav,Glass\n", "labels.csv:2: file: 'no.wav', no such file"),
        ("file,label\n", "labels.csv: no clips"),
        (b"\xff\xfe", "cannot be read as a CSV table in UTF-8"),
    ],
)
def test_a_table_that_is_wrong_is_refused(tmp_path, table, match):
    """With file, line and remedy."""
    if table is not None:
        (tmp_path / "labels.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(FolderError, match=match):
        read_table(tmp_path)


def test_a_label_that_nobody_knows_is_refused_with_a_near_one():
    """Neither the model's nor a group of the configuration."""
    assert labels_of("glass | Engine", tuple(TONES_HZ), CONFIG) == ("Glass", "Shatter", "Engine")
    with pytest.raises(EdgedError, match=r"label 'Engin': neither .* did you mean 'Engine'"):
        labels_of("glass|Engin", tuple(TONES_HZ), CONFIG)


def test_the_command_evaluates_the_default_model(yamnet, tmp_path, capsys):
    """`edged models evaluate sounds DIR`: on a few real clips, as a table, with its progress."""
    rows = ["file,label"]
    for folder, label in (("001_dog_bark", "Dog|Bark"), ("009_rooster", '"Chicken, rooster"')):
        clip = min((DATA / "karoldvl__ESC-10" / folder).glob("*.ogg"))
        (tmp_path / clip.name).symlink_to(clip)
        rows.append(f"{clip.name},{label}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    settings = Settings.model_validate({"models": {"path": yamnet}})
    told = []
    options = argparse.Namespace(directory=tmp_path, json=False)
    evaluate_sounds(settings, options, lambda name: nullcontext(lambda *progress: told.append((name, *progress))))
    printed = capsys.readouterr().out
    assert printed.startswith("clips  2\ntop-1  1.0000 (95 %: 0.3424 to 1.0000)\nmAP    1.0000\n")
    assert "Chicken, rooster" in printed
    assert told == [("sounds", 1, 2), ("sounds", 2, 2)]


MEANT = {
    "001_dog_bark": "Dog|Bark",
    "002_rain": "Rain|Rain on surface|Raindrop",
    "003_sea_waves": "Ocean|Waves, surf",
    "004_baby_cry": "Crying, sobbing|Baby cry, infant cry",
    "005_clock_tick": "Clock|Tick|Tick-tock",
    "006_person_sneeze": "Sneeze",
    "007_helicopter": "Helicopter",
    "008_chainsaw": "Chainsaw",
    "009_rooster": "Chicken, rooster|Crowing, cock-a-doodle-doo",
    "010_fire_crackling": "Fire|Crackle",
}
"""By the folder of ESC-10's clips: the model's labels that mean it, as the card says."""


def test_yamnet_is_as_good_on_esc_10_as_its_card_says(yamnet, tmp_path, capsys):
    """By the command, on all clips of ../shared/data: their number, top-1 with its interval, and mAP."""
    rows = []
    for folder, label in MEANT.items():
        for clip in (DATA / "karoldvl__ESC-10" / folder).glob("*.ogg"):
            (tmp_path / clip.name).symlink_to(clip)
            rows.append(f'{clip.name},"{label}"')
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows]))
    settings = Settings.model_validate({"models": {"path": yamnet}})
    options = argparse.Namespace(directory=tmp_path, json=True)
    evaluate_sounds(settings, options, lambda _: nullcontext(lambda *_: None))
    found = json.loads(capsys.readouterr().out)
    said = Catalogue(settings.models).available()[SoundsConfig().model].metrics["esc10"]
    assert found["n"] == said["clips"]
    for name in ("top1", "top1_interval", "map"):
        assert found[name] == pytest.approx(said[name], abs=0.005)
