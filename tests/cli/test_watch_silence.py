"""`edged watch` of what is not there: it is said what is waited for, once, and not on standard output."""

import pytest

from edged.cli import main
from edged.cli.watch_complaints import PATIENCE_S, Complaints
from edged.sinks.mqtt.reader import Heard, Link
from edged.watching.boxes import Boxes
from tests.watching.telling import NOW_S
from tests.watching.test_view import picture

HEARD = Heard("edged/yard/state", b"{}", True, NOW_S)


class Reader:
    """One that is connected, or is not."""

    def __init__(self, *, connected=True):
        self.link = Link("broker:1883", connected, NOW_S, "", 0)


class Watch:
    """Complaints, second by second."""

    def __init__(self, *, connected=True):
        self.now_s = 0.0
        self._complaints = Complaints(Reader(connected=connected), "nobody has said anything", lambda: self.now_s)

    def look(self, at_s, heard=None, *, last=False):
        self.now_s = at_s
        self._complaints.look(heard, last=last)


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--device", "nosuch"], "box nosuch has not said anything yet below edged/"),
        (["--device", "nosuch", "--json"], "box nosuch has not said anything yet below edged/"),
        (["--base-topic", "farm"], "no box has said anything yet below farm/"),
    ],
)
def test_what_is_not_there_is_named_on_standard_error(broker, capsys, arguments, said):
    """With the broker, so that a wrong one is seen; exit 0."""
    assert main(["watch", "--host", "127.0.0.1", "--port", str(broker.port), "--for", "0.3", *arguments]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"edged: {said} at 127.0.0.1:{broker.port}\n"


def test_it_is_said_once_and_not_before_a_box_had_time_to_speak(capsys):
    """And that it goes on."""
    watch = Watch()
    watch.look(PATIENCE_S - 0.1)
    assert capsys.readouterr().err == ""
    for at_s in (PATIENCE_S, PATIENCE_S + 1, PATIENCE_S + 100):
        watch.look(at_s)
    watch.look(PATIENCE_S + 101, last=True)
    assert capsys.readouterr().err == "edged: nobody has said anything at broker:1883; waiting\n"


@pytest.mark.parametrize(("connected", "heard"), [(True, HEARD), (False, None)])
def test_nothing_is_said_where_something_came_or_we_are_cut_off_ourselves(capsys, connected, heard):
    """Then the box may well have spoken."""
    watch = Watch(connected=connected)
    watch.look(0.0, heard)
    watch.look(PATIENCE_S + 1)
    watch.look(PATIENCE_S + 2, last=True)
    assert capsys.readouterr().err == ""


def test_the_picture_names_the_box_that_is_waited_for():
    """Where there is a terminal."""
    assert "box nosuch has not said anything yet below edged/" in picture(Boxes("edged", only="nosuch"))
