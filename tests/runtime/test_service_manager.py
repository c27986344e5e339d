"""ServiceManager: systemd is told in its own words."""

import os
import re
import socket
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.runtime.service_manager import (
    Status,
    notify,
    reloading,
    starting,
    status,
    watchdog_s,
)
from tests.service_manager import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path, monkeypatch):
    """It listens, where $NOTIFY_SOCKET says."""
    listening = ServiceManager(tmp_path if request.param == "path" else None)
    monkeypatch.setenv("NOTIFY_SOCKET", listening.address)
    yield listening
    listening.close()


def test_systemd_is_told_wherever_it_listens(systemd):
    """In a path, or in Linux's abstract name space as in a user's own systemd."""
    assert notify("READY=1\nSTATUS=hört und sieht")
    systemd.wait_for(lambda it: len(it.words) == 2)
    assert [word.text for word in systemd.words] == ["READY=1", "STATUS=hört und sieht"]


def test_a_program_that_begins_anew_in_its_place_is_heard_still(systemd):
    """As after the command `restart`: the same process id, the same environment."""
    again = "from edged.runtime.service_manager import notify, watchdog_s; assert watchdog_s() == 3; notify('READY=1')"
    program = f"""
import os, sys
os.environ["WATCHDOG_PID"] = str(os.getpid())
from edged.runtime.service_manager import notify, reloading
notify(reloading())
os.execv(sys.executable, [sys.executable, "-c", {again!r}])
"""
    environment = {**os.environ, **systemd.env(watchdog_s=3.0)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20, env=environment)
    systemd.wait_for(lambda it: it.said("READY=1"))
    assert [word.text.partition("=")[0] for word in systemd.words] == ["RELOADING", "MONOTONIC_USEC", "READY"]


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "/nobody/listens/here"])
def test_where_nobody_listens_the_box_goes_on(address, monkeypatch):
    """Nothing is raised."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert notify("READY=1") is False


def test_a_systemd_that_does_not_read_does_not_hold_us_up(tmp_path, monkeypatch, caplog):
    """Its queue is full: the word is lost after a second, and the log says so."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as chatty, suppress(BlockingIOError):
            chatty.setblocking(False)
            while chatty.sendto(b"x", str(tmp_path / "notify")):
                pass
        assert notify("WATCHDOG=1") is False
    assert "does not take our word" in caplog.text


@pytest.mark.parametrize(
    ("environment", "wanted_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "²"}, None),
    ],
)
def test_the_watchdog_is_obeyed_where_it_watches_this_process(environment, wanted_s, monkeypatch):
    """And not where the variables were inherited from a process that it watches."""
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert watchdog_s() == wanted_s


@given(st.text(max_size=1000))
def test_a_status_is_one_short_line_whatever_it_is_made_of(text):
    """A reason with a line's end in it cannot forge another word, such as `WATCHDOG=1`."""
    assert re.fullmatch(r"STATUS=[^\n\r\0]{0,300}", status(text))
    assert len(starting(text).split("\n")) == 3
    status(text).encode()


def test_a_status_is_said_when_it_is_news():
    """And not each second."""
    said = []
    sentence = Status(said.append)
    for text in ("hears", "hears", "sees", "hears"):
        sentence.tell(text)
    assert said == ["STATUS=hears", "STATUS=sees", "STATUS=hears"]


def test_a_reload_is_told_with_its_time():
    """Microseconds of the monotonic clock, as systemd wants them."""
    first, second = reloading(), reloading()
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", first)
    assert int(first.rpartition("=")[2]) <= int(second.rpartition("=")[2])
