"""`edged events list`: what the box has told, with and without a running edged."""

import csv
import io
import json

import pytest

from edged.cli import main
from edged.cli.events.forms import HEADER, id_length
from edged.history import History, HistoryConfig
from edged.messages.event import Phase
from edged.runtime.health import Health
from tests.cli.told import Told, an_id


@pytest.fixture
def told(tmp_path):
    """Four events at noon and after it, of two pipelines; the last has no end."""
    box = Told(tmp_path)
    box.tell(1)
    box.tell(2, after_s=3600.0, label="Ana Anders-Alexandropoulos", pipeline="people_at_the_gate", confidence=0.5)
    box.tell(3, after_s=7200.0, confidence=0.75)
    box.tell(4, Phase.START, after_s=10_800.0, end_s=10_801.0)
    yield box
    box.box.kill()


def out_of(capsys, told, *arguments, status=0):
    assert main(["events", *map(str, arguments), "-c", str(told.config)]) == status
    return capsys.readouterr().out


def numbers(capsys, told, *arguments):
    return [int(one["id"][5:10]) for one in json.loads(out_of(capsys, told, "list", "--json", *arguments))]


def test_the_events_of_late_are_listed_the_newest_last(told, capsys):
    """A table that fits into 80 columns, in local time, with as much of each id as tells it apart."""
    lines = out_of(capsys, told, "list").splitlines()
    assert lines[0].split() == list(HEADER)
    assert lines[1].split() == ["2026-11-20", "12:00:00", an_id(1)[:10], "drones", "drone", "0.91", "4", "s"]
    assert "people_at_t…  Ana Anders-Ale…  0.50   4 s" in lines[2]
    assert lines[4].endswith("cut short")
    assert len(lines) == 5
    assert max(map(len, lines)) <= 80


def test_an_event_that_is_on_says_so(tmp_path, capsys):
    """As long as edged was alive lately: here it is now."""
    box = Told(tmp_path)
    box.box.kill()
    box.box.history = History(HistoryConfig(path=box.box.path), Health().part("history"))
    box.tell(1, Phase.START)
    assert out_of(capsys, box, "list").splitlines()[1].endswith("on")
    box.box.kill()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], [1, 2, 3, 4]),
        (["--limit", 2], [3, 4]),
        (["--since", "2026-11-20T13:00"], [2, 3, 4]),
        (["--since", "2026-11-20 13:00:01", "--until", "2026-11-20T15:00"], [3]),
        (["--until", "2026-11-20"], []),
        (["--pipeline", "drones", "--min-confidence", "0.8"], [1, 4]),
        (["--label", "Ana Anders-Alexandropoulos"], [2]),
        (["--open"], [4]),
    ],
)
def test_filters_choose(told, capsys, arguments, found):
    """And may be combined; the newest count first."""
    assert numbers(capsys, told, *arguments) == found


def test_json_has_all_that_is_known(told, capsys):
    """Times as on the wire, the last message as it went over it."""
    first, *_, last = json.loads(out_of(capsys, told, "list", "--json"))
    assert {
        "confidence": 0.9123,
        "updates": 1,
        "first_seq": 1,
        "last_seq": 3,
        "standing": "ended",
    }.items() <= first.items()
    assert first["last_message"]["phase"] == "end"
    assert first["last_message"]["started_at"] == first["started_at"]
    assert first["best_evidence"] == {"f0_hz": 180.1235, "windows": 3.0}
    assert (last["ended_at"], last["standing"]) == (None, "cut short")


def test_csv_has_a_header_and_no_formulas(told, capsys):
    """A name that a spreadsheet would run is quoted."""
    told.tell(5, after_s=20_000.0, label='=HYPERLINK("http://x","y")')
    rows = list(csv.DictReader(io.StringIO(out_of(capsys, told, "list", "--csv"))))
    assert [row["updates"] for row in rows] == ["1", "1", "1", "0", "1"]
    assert (rows[0]["model"], rows[0]["device"]) == ("drone_sound", "cpu")
    assert rows[4]["label"] == '\'=HYPERLINK("http://x","y")'
    assert json.loads(rows[0]["start_evidence"])["windows"] == 3


def test_nothing_found_is_said_and_is_no_failure(told, capsys):
    """On standard error: what is piped on is empty."""
    assert main(["events", "list", "--label", "bird", "-c", str(told.config)]) == 0
    assert capsys.readouterr() == ("", "no such events\n")
    assert out_of(capsys, told, "list", "--label", "bird", "--json") == "[]\n"


@pytest.mark.parametrize(
    "wrong", [["--since", "yesterday"], ["--min-confidence", "2"], ["--limit", "0"], ["--json", "--csv"]]
)
def test_wrong_arguments_are_wrong_usage(told, wrong):
    """Exit 2."""
    with pytest.raises(SystemExit) as left:
        main(["events", "list", *wrong])
    assert left.value.code == 2


def test_a_history_that_cannot_be_read_is_one_line_with_the_remedy(tmp_path, capsys):
    """Exit 1; a faulty configuration is 78."""
    told = Told(tmp_path)
    out_of(capsys, told, "list", status=1)
    told.box.path.write_bytes(b"no database" * 1000)
    assert main(["events", "list", "-c", str(told.config)]) == 1
    assert capsys.readouterr().err.endswith("file is not a database; edged sets it aside at its next start\n")
    told.config.write_text("history: {max_events: 0}")
    out_of(capsys, told, "list", status=78)


def test_ids_of_one_millisecond_are_shown_longer():
    """As long as it takes to tell them apart."""
    assert id_length([an_id(1), an_id(2)]) == 10
    assert id_length([an_id(1), an_id(1)[:20] + "ZZZZZZ"]) == 21
    assert id_length([]) == 10
