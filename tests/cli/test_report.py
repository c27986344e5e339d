"""`edged report`: a page from the box's own history."""

import re
import time

import pytest

from edged.cli import main
from edged.messages.event import Phase
from tests.cli.told import NOON_S, Told, a_chirp, an_id
from tests.report_page.parsed import Parsed
from tests.sinks.clips.evidence import a_store

SINCE = ["--since", "2026-11-20T11:00", "--until", "2026-11-20T18:00"]


@pytest.fixture
def told(tmp_path):
    """Three events at noon and after it, one of them judged; the last was cut short."""
    box = Told(tmp_path)
    box.tell(1)
    box.tell(2, after_s=3600.0, label="<Ana>", pipeline="gate", confidence=0.5)
    box.tell(3, Phase.START, after_s=7200.0)
    box.keep(1, a_chirp(length_s=1.0))
    store, _ = a_store(tmp_path / "clips")
    store.add_feedback(an_id(1), "false_alarm", "lawn mower", "2026-11-20T12:30:00.000Z")
    yield box
    box.box.kill()


def report(told, *arguments, status=0):
    target = told.folder / "out.html"
    assert main(["report", "-o", str(target), "-c", str(told.config), *arguments]) == status
    return re.sub(r"\s+", " ", Parsed(target.read_text()).words) if target.exists() else ""


def test_a_page_is_written_for_its_owner_alone(told, capsys):
    """It holds the events, what people said of them, and which was cut short."""
    words = report(told, *SINCE)
    target = told.folder / "out.html"
    assert capsys.readouterr().err == f"{target}: 3 events, 2026-11-20 12:00:00 to 2026-11-20 18:00:00\n"
    assert target.stat().st_mode & 0o777 == 0o600
    for text in ("gate · <Ana>", "drones · drone", "false alarm: lawn mower", "cut short", an_id(3), "classify_sound"):
        assert text in words
    assert "1 of 2" in words


def test_times_choose(told, capsys):
    """From the first on, and before the second."""
    report(told, "--since", "2026-11-20T12:30", "--until", "2026-11-20T13:30")
    assert ": 1 event, 2026-11-20 12:30:00 to 2026-11-20 13:30:00" in capsys.readouterr().err


def test_without_times_it_is_the_last_day(tmp_path, capsys):
    """Up to now."""
    told, now_s = Told(tmp_path), time.time()
    told.tell(1, after_s=now_s - 25 * 3600 - NOON_S)
    told.tell(2, after_s=now_s - 23 * 3600 - NOON_S, label="cat")
    assert "drones · cat" in (words := report(told))
    assert "drones · drone" not in words
    assert ": 1 event, " in capsys.readouterr().err
    told.box.kill()


def test_the_box_is_not_touched(told):
    """Its history and its clips are as they were."""
    before = sorted((path, path.stat().st_mtime_ns) for path in (told.folder / "clips").rglob("*"))
    report(told, *SINCE)
    assert sorted((path, path.stat().st_mtime_ns) for path in (told.folder / "clips").rglob("*")) == before


def test_feedback_whose_key_is_gone_is_said_on_the_page(told):
    """The page is made all the same."""
    (told.folder / "clips" / "key").unlink()
    assert "Feedback on 1 event cannot be read: " in report(told, *SINCE)


def test_what_cannot_be_done_is_one_line_with_the_remedy(told, tmp_path, capsys):
    """Times the wrong way round, a folder that is not there, no history."""
    report(told, "--since", "2026-11-20T12:00", "--until", "2026-11-20T11:00", status=1)
    assert "must begin before it ends; name an earlier beginning or a later end\n" in capsys.readouterr().err
    assert main(["report", "-o", str(tmp_path / "no" / "x.html"), "-c", str(told.config), *SINCE]) == 1
    assert "cannot be written: No such file or directory; " in capsys.readouterr().err
    told.box.kill()
    told.box.path.unlink()
    report(told, status=1)
    assert "is not there: edged makes it when it runs with history.enabled" in capsys.readouterr().err


def test_wrong_times_are_wrong_usage(told):
    """Exit 2."""
    with pytest.raises(SystemExit) as left:
        main(["report", "--since", "yesterday"])
    assert left.value.code == 2
