"""`edged events` of what a kill has cut short: the next start tells an end of it, and yet nobody saw it end."""

import csv
import json

import pytest

from edged.cli import main
from edged.cli.events.drawn import draw
from edged.cli.events.evidence import Evidence
from edged.history.filter import Filter
from edged.history.reader import reading
from edged.messages.event import Phase
from edged.messages.wire import event_message
from edged.report_page import gather
from edged.report_page.period import Period
from edged.sinks.clips.config import ClipsConfig
from tests.cli.told import NOON_S, Told, a_chirp, an_id
from tests.events import an_event


@pytest.fixture
def told(tmp_path):
    """Three events of 4 s: one that ended, one with the end that the next start told, and one without any."""
    box = Told(tmp_path)
    box.tell(1)
    how = {"epoch_s": NOON_S, "start_s": 60.0, "end_s": 64.0, "observed_s": 64.0}
    for seq, phase in enumerate((Phase.START, Phase.END), 10):
        message = event_message(an_event(phase, id=an_id(2), **how), seq, NOON_S + 65)
        box.box.tell(message.model_copy(update={"cut_short": phase is Phase.END}))
    box.tell(3, Phase.START, after_s=120.0)
    yield box
    box.box.kill()


def out_of(capsys, told, *arguments):
    assert main(["events", *map(str, arguments), "-c", str(told.config)]) == 0
    return capsys.readouterr().out


def test_it_is_listed_as_cut_short(told, capsys):
    """Not with a length, as if somebody had seen its end; and among those without an end."""
    header, *lines = out_of(capsys, told, "list").splitlines()
    assert [line[header.index("lasted") :] for line in lines] == ["4 s", "cut short", "cut short"]
    known = json.loads(out_of(capsys, told, "list", "--open", "--json"))
    assert [(one["id"], one["standing"]) for one in known] == [(an_id(2), "cut short"), (an_id(3), "cut short")]
    assert known[0]["ended_at"] == known[0]["last_message"]["ended_at"]


def test_it_is_exported_as_cut_short(told, tmp_path, capsys):
    """As CSV and as JSON."""
    for ending, read in (("csv", csv.DictReader), ("jsonl", lambda file: map(json.loads, file))):
        out_of(capsys, told, "export", target := tmp_path / f"x.{ending}")
        with target.open() as file:
            assert [row["standing"] for row in read(file)] == ["ended", "cut short", "cut short"]


def test_it_lasted_at_least_so_long(told, capsys):
    """That is all that is known; of one whose end nobody told too."""
    (ended,) = [line for line in out_of(capsys, told, "show", an_id(2)).splitlines() if line.startswith("ended")]
    assert ended.startswith("ended     cut short, edged stopped; was on until 2026-11-20 12:01:04.000 ")
    assert ended.endswith(" at least, lasted at least 4 s")
    assert json.loads(out_of(capsys, told, "show", an_id(2), "--json"))["standing"] == "cut short"
    assert "never told, edged stopped; lasted at least 4 s\n" in out_of(capsys, told, "show", an_id(3))


def test_the_report_has_it_as_cut_short(told):
    """As with one whose end nobody told."""
    with reading(told.box.path) as history:
        facts = gather(history, Period(NOON_S, NOON_S + 600), "barn", lambda _: None, NOON_S + 600)
    assert [standing.value for standing in facts.standings] == ["ended", "cut short", "cut short"]


def test_no_end_of_it_is_drawn(told):
    """Where one that ended has a line: the picture is the one of an event without an end."""
    told.keep(1, a_chirp(length_s=10.0))
    evidence = Evidence(ClipsConfig(folder=told.folder / "clips"), {})
    with reading(told.box.path) as history:
        ended = next(history.events(Filter()))
    clip = evidence.of(ended.id)
    drawn = [draw(one, clip, evidence, "x") for one in (ended, ended._replace(cut=True), ended._replace(ended_s=None))]
    assert (drawn[0] != drawn[1]).any()
    assert (drawn[1] == drawn[2]).all()
