"""Times as a person names them."""

import argparse
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.cli import main
from edged.cli.events.times import SPANS_S, moment_s
from tests.cli.told import Told

NOW_S = 1_795_000_000.0
years = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001  # local time, as a person gives it


@given(number=st.integers(0, 999_999_999), unit=st.sampled_from(sorted(SPANS_S)))
def test_a_span_is_so_long_ago(number, unit):
    """In each unit."""
    assert moment_s(f"{number}{unit}", NOW_S) == NOW_S - number * SPANS_S[unit]


@given(moment=years, separator=st.sampled_from("T "), form=st.sampled_from(["%H:%M", "%H:%M:%S", "%H:%M:%S.%f"]))
def test_a_moment_is_of_local_time(moment, separator, form):
    """As precise as it was given."""
    text = moment.strftime(f"%Y-%m-%d{separator}{form}")
    kept = {"%H:%M": {"second": 0, "microsecond": 0}, "%H:%M:%S": {"microsecond": 0}}.get(form, {})
    assert moment_s(text, NOW_S) == moment.replace(**kept).timestamp()


@given(day=years)
def test_a_day_is_its_first_moment(day):
    """So that --since takes all of it and --until nothing."""
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    assert moment_s(f"{day:%Y-%m-%d}") == midnight.timestamp()


@given(moment=years, hours=st.integers(-12, 14))
def test_a_moment_may_name_its_zone(moment, hours):
    """By Z or an offset."""
    there = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    assert moment_s(there.isoformat()) == there.timestamp()
    assert moment_s(f"{there.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z") == there.timestamp()


@settings(max_examples=50)
@given(text=st.text(max_size=20) | st.from_regex(r"[0-9TZ:+. dhm-]{1,25}", fullmatch=True))
def test_anything_else_is_refused_in_words(text):
    """Whatever it is: a time or a clear refusal, no other error."""
    try:
        assert isinstance(moment_s(text, NOW_S), float)
    except argparse.ArgumentTypeError as error:
        assert str(error).startswith(f"{text!r}: must be such as 90s, ")  # noqa: PT017  # it need not be raised


@pytest.mark.parametrize(
    "text", ["", "24", "h", "-1h", "1.5h", "24 h", "2026-13-01", "2026-11-20T25:00", "٢h", "0001-01-01"]
)
def test_what_is_no_time_is_refused(text):
    """A day before the calendar of the system too."""
    with pytest.raises(argparse.ArgumentTypeError):
        moment_s(text, NOW_S)


@pytest.mark.parametrize("action", [["events", "list"], ["events", "export", "x.csv"], ["report"]])
def test_times_the_wrong_way_round_are_refused(tmp_path, monkeypatch, capsys, action):
    """In the same words everywhere: with both times, and the remedy."""
    told = Told(tmp_path)
    told.tell(1)
    monkeypatch.chdir(tmp_path)
    times = ["--since", "2026-11-20T12:00", "--until", "2026-11-20T11:00", "-c", str(told.config)]
    assert main([*action, *times]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("edged: --since, --until: 2026-11-20 12:00:00 to 2026-11-20 11:00:00: ")
    assert said.endswith("must begin before it ends; name an earlier beginning or a later end")
    told.box.kill()


def test_a_report_from_the_future_on_is_refused_as_such(tmp_path, capsys):
    """Nobody named an end that could be wrong."""
    told = Told(tmp_path)
    told.tell(1)
    assert main(["report", "--since", "2090-01-01", "-c", str(told.config)]) == 1
    said = "edged: --since: 2090-01-01 00:00:00: begins in the future; name an earlier beginning\n"
    assert capsys.readouterr().err == said
    told.box.kill()
