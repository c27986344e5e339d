"""The control socket: who may ask, how much at a time, and that neither a bad client nor a bad handler stops it."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.control.client import ask, running
from edged.control.config import ControlConfig, client_paths, server_path
from edged.control.peers import may_ask, peer_of
from edged.control.protocol import ControlError, Peer, Progress, Result
from edged.control.server import Server


class Handlers:
    """What the tests ask for; ``held`` waits until it is let go or its asker has gone."""

    def __init__(self):
        self.go, self.closed, self.asked = threading.Event(), threading.Event(), threading.Event()
        self.by = []

    def handlers(self):
        return {"echo": self.echo, "count": self.count, "held": self.held, "bug": self.bug, "disk": self.disk}

    def echo(self, arguments, peer):
        self.by.append(peer)
        yield Result(dict(arguments))

    def count(self, arguments, _peer):
        for number in range(arguments["to"]):
            yield Progress({"at": number})
        yield Result("done")

    def held(self, _arguments, _peer):
        self.asked.set()
        try:
            while not self.go.wait(0.02):
                yield Progress({})
            yield Result("let go")
        finally:
            self.closed.set()

    def bug(self, _arguments, _peer):
        yield Progress({})
        raise ZeroDivisionError

    def disk(self, _arguments, _peer):
        yield Progress({})
        raise OSError(28, "No space left on device")


@pytest.fixture
def handlers():
    return Handlers()


@pytest.fixture
def server(tmp_path, handlers):
    running_server = Server(ControlConfig(path=tmp_path / "run" / "c.sock", request_s=5), handlers.handlers())
    running_server.start()
    yield running_server
    running_server.stop(2)


def raw(server, content, *, end=True):
    """What a client that writes ``content`` gets."""
    with closing(socket.socket(socket.AF_UNIX)) as stream:
        stream.settimeout(10)
        stream.connect(str(server.path))
        stream.sendall(content)
        if end:
            stream.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := stream.recv(65536):
            got += chunk
    return [json.loads(line) for line in got.splitlines()]


def test_what_is_asked_is_answered(server, handlers):
    """Progress, then the result; the handler knows who asks."""
    assert list(ask(server.path, "echo", {"a": [1, "ü"]})) == [Result({"a": [1, "ü"]})]
    assert list(ask(server.path, "count", {"to": 2})) == [Progress({"at": 0}), Progress({"at": 1}), Result("done")]
    assert handlers.by == [Peer(os.getuid(), os.getgid(), os.getpid())]


def test_a_request_is_one_line_that_any_program_can_write(server):
    """So is its answer."""
    assert raw(server, b'{"do": "echo", "x": 5}\n', end=False) == [{"result": {"x": 5}}]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"hello\n", "is not JSON"),
        (b"[]\n", "must be a JSON object"),
        (b'{"do": "none"}\n', "must be one of: bug, count, disk, echo, held"),
        (b'{"do": "bug"}\n', "edged has a fault: ZeroDivisionError"),
        (b'{"do": "disk"}\n', "No space left on device"),
        (b"x" * 9_000_000, "a line of more than 8,388,608 bytes"),
    ],
)
def test_what_is_wrong_is_one_error_line_and_the_next_is_served(server, line, said):
    """Malformed, unknown, too long, or a bug of ours."""
    try:
        answers = raw(server, line)
    except (BrokenPipeError, ConnectionResetError):  # it hung up while we were still writing
        answers = [{"error": said}]
    assert said in answers[-1]["error"]
    assert list(ask(server.path, "echo", {})) == [Result({})]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_bytes_whatever_stop_it(server, content):
    """At most one answer, and it lives."""
    assert all("error" in answer for answer in raw(server, content + b"\n")[:1])
    assert list(ask(server.path, "echo", {})) == [Result({})]


def test_who_closes_the_connection_has_cancelled(server, handlers):
    """The handler is closed: it can clean up."""
    answers = ask(server.path, "held", {})
    next(answers)
    answers.close()
    assert handlers.closed.wait(5)


def test_only_so_many_are_served_at_a_time(tmp_path, handlers):
    """One more is told to try again, and when one has gone there is room."""
    server = Server(ControlConfig(path=tmp_path / "c.sock", clients=1), handlers.handlers())
    server.start()
    first = ask(server.path, "held", {})
    next(first)
    with pytest.raises(ControlError, match="1 requests are being answered"):
        list(ask(server.path, "echo", {}))
    handlers.go.set()
    assert list(first)[-1] == Result("let go")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            assert list(ask(server.path, "echo", {})) == [Result({})]
            break
        except ControlError:
            continue
    server.stop(2)


def test_a_client_that_says_nothing_is_sent_away(tmp_path, handlers):
    """It holds a place for as long as a request may take, and no longer."""
    server = Server(ControlConfig(path=tmp_path / "c.sock", request_s=0.1), handlers.handlers())
    server.start()
    assert raw(server, b'{"do": ', end=False) == [{"error": "no whole line came within 0.1 s", "exit_code": 1}]
    server.stop(2)


def test_stopping_cancels_what_runs_and_takes_the_file_away(server, handlers):
    """Within its limit; the asker is told."""
    answers = ask(server.path, "held", {})
    next(answers)
    began = time.monotonic()
    server.stop(2)
    assert time.monotonic() - began < 2
    assert handlers.closed.wait(1)
    with pytest.raises(ControlError):
        list(answers)
    assert not server.path.exists()


def test_the_socket_is_for_its_owner_and_group_alone(server):
    """Mode 0660."""
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o660


def test_a_stale_socket_is_replaced_and_a_live_one_refused(tmp_path, handlers):
    """A killed edged leaves its socket behind; a second edged must not take the first one's."""
    config = ControlConfig(path=tmp_path / "c.sock")
    code = f"import socket; s = socket.socket(socket.AF_UNIX); s.bind({str(config.path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert running(config) is None
    first = Server(config, handlers.handlers())
    first.start()
    assert running(config) == config.path
    with pytest.raises(ControlError, match="another edged runs there"):
        Server(config, handlers.handlers()).start()
    assert list(ask(config.path, "echo", {})) == [Result({})]
    first.stop(2)
    assert running(config) is None


def test_what_is_no_socket_is_left_alone(tmp_path, handlers):
    """Somebody's file stays."""
    (tmp_path / "c.sock").write_text("mine")
    with pytest.raises(ControlError, match="is there and is no socket"):
        Server(ControlConfig(path=tmp_path / "c.sock"), handlers.handlers()).start()
    assert (tmp_path / "c.sock").read_text() == "mine"


def test_a_path_that_cannot_be_is_one_line(tmp_path, handlers):
    """Too long for the kernel; a file where a folder must be."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / ("x" * 120), tmp_path / "file" / "c.sock"):
        with pytest.raises(ControlError, match=r"control.path: .*cannot be made"):
            Server(ControlConfig(path=path), handlers.handlers()).start()


def test_root_the_owner_and_the_group_may_ask():
    """And nobody else."""
    daemon, group = 990, 991
    assert may_ask(Peer(0, 0, 1), daemon, group)
    assert may_ask(Peer(daemon, 5, 1), daemon, None)
    assert may_ask(Peer(123_456, group, 1), daemon, group)
    assert not may_ask(Peer(123_456, 5, 1), daemon, group)
    assert not may_ask(Peer(123_456, 5, 1), daemon, None)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_the_kernel_says_who_asks(tmp_path):
    """A process of another user is seen as that user, whatever it says."""
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(tmp_path / "s"))
        (tmp_path / "s").chmod(0o666)
        for folder in (tmp_path, *list(tmp_path.parents)[:3]):
            folder.chmod(0o755)
        listening.listen()
        code = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({str(tmp_path / 's')!r}); s.recv(1)"
        client = subprocess.Popen([sys.executable, "-c", code], user=65534, group=65534)
        stream, _ = listening.accept()
        assert peer_of(stream) == Peer(65534, 65534, client.pid)
        stream.close()
        client.wait(10)


def test_where_the_socket_is():
    """In systemd's folder, /run/edged, the user's own; a client looks at the box's before its own."""
    config, own = ControlConfig(), {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert str(server_path(config, {"RUNTIME_DIRECTORY": "/run/x"}, 5)) == "/run/x/control.sock"
    assert str(server_path(config, {}, 0)) == "/run/edged/control.sock"
    assert str(server_path(config, own, 7)) == "/run/user/7/edged/control.sock"
    assert [str(path) for path in client_paths(config, own, 7)] == [
        "/run/edged/control.sock",
        "/run/user/7/edged/control.sock",
    ]
