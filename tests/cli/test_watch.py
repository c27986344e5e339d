"""`edged watch`, on a real mosquitto: as a picture, as lines and as JSON."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

from edged.cli import main, parser
from edged.cli.watch import broker_config
from edged.settings import Settings
from tests.broker import Broker, Listener, free_port, wait_until
from tests.watching import telling


@pytest.fixture(autouse=True)
def defaults(tmp_path, monkeypatch):
    """No configuration file is found here."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def box(broker):
    """A box and its neighbour said this before anybody watched."""
    client = Listener(broker.port, "nothing/at/all")
    say(client, "edged/yard/state", telling.state(), retain=True)
    say(client, "edged/yard/health", telling.health(time.time()), retain=True)
    say(client, "edged/gate/state", telling.state("offline"), retain=True)
    say(client, "farm/edged/barn/state", telling.state(), retain=True)
    yield client
    client.close()


def say(client, topic, payload, *, retain=False):
    client._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)


def watch(port, *arguments):
    return main(["watch", "--host", "127.0.0.1", "--port", str(port), "--for", "0.5", *arguments])


def test_without_a_terminal_each_change_is_a_plain_line(broker, box, capsys):
    """No control characters; what a box says in several messages is one line."""
    assert watch(broker.port) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.partition(" ")[2] for line in lines) == ["gate offline", "yard online; health ok"]


def test_json_is_a_line_a_message(broker, box, capsys):
    """With topic, device, kind, payload, time and whether it was retained."""
    assert watch(broker.port, "--json") == 0
    found = {line["topic"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(found) == {"edged/yard/state", "edged/yard/health", "edged/gate/state"}
    state = found["edged/yard/state"]
    assert (state["device"], state["kind"], state["payload"]) == ("yard", "state", {"state": "online"})
    assert state["retained"]
    assert set(state) == {"topic", "device", "kind", "payload", "at", "retained"}


@pytest.mark.parametrize(
    ("arguments", "devices"), [(["--device", "gate"], {"gate"}), (["--base-topic", "farm/edged"], {"barn"})]
)
def test_one_box_or_another_base_topic_can_be_named(broker, box, capsys, arguments, devices):
    """Nothing else is asked of the broker."""
    assert watch(broker.port, "--json", *arguments) == 0
    assert {json.loads(line)["device"] for line in capsys.readouterr().out.splitlines()} == devices


def test_broker_and_base_topic_are_the_configuration_s(broker, box, capsys, tmp_path):
    """As for every other command."""
    config = {"mqtt": {"host": "127.0.0.1", "port": broker.port, "base_topic": "farm/edged"}}
    (tmp_path / "edged.yaml").write_text(json.dumps(config))
    assert main(["watch", "--for", "0.5"]) == 0
    assert capsys.readouterr().out.endswith(" barn online\n")


def test_a_first_connection_that_fails_is_one_clear_line(capsys):
    """Exit 1."""
    port = free_port()
    assert watch(port) == 1
    assert capsys.readouterr().err == f"edged: 127.0.0.1:{port} cannot be reached: Connection refused\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--password-file", "/secret"], "username is missing: password_file is only used with one"),
        (["--base-topic", "Farm Edged"], "--base-topic: 'Farm Edged', must be text that fits"),
        (["--port", "70000"], "--port: 70000, must be in [1, 65535]"),
        (["--device", "yard/#"], "--device: 'yard/#', must be a box's name"),
        (["--ca-file", "/absent"], "--ca-file /absent: cannot be read: No such file or directory"),
        (["--username", "me", "--password-file", "/absent"], "/absent: No such file"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(arguments, complaint, capsys):
    """Exit 78, before anything is connected."""
    assert main(["watch", "--host", "127.0.0.1", *arguments]) == 78
    assert complaint in capsys.readouterr().err


@pytest.fixture
def ca_file(tmp_path):
    (tmp_path / "ca.pem").touch()


def made(*arguments):
    return broker_config(Settings(mqtt={"host": "a", "username": "box"}), parser().parse_args(["watch", *arguments]))


def test_options_go_before_the_configuration(ca_file):
    """One by one; a CA means TLS, and at another broker its usual port."""
    assert made("--port", "99", "--base-topic", "x").model_dump(exclude_unset=True, include={"host", "port"}) == {
        "host": "a",
        "port": 99,
    }
    assert made("--username", "me").username == "me"
    secured = made("--ca-file", "ca.pem")
    assert (secured.host, secured.port, secured.tls.enabled, secured.username) == ("a", 1883, True, "box")
    elsewhere = made("--host", "b", "--ca-file", "ca.pem")
    assert (elsewhere.port, elsewhere.tls.enabled, elsewhere.username) == (8883, True, None)
    assert made("--host", "b", "--ca-file", "ca.pem", "--port", "1").port == 1


def test_another_broker_is_not_told_the_password_of_the_configuration_s(tmp_path, capsys):
    """With --host, user and TLS are those of the options; a broker that wants one says so."""
    (tmp_path / "password").write_text("secret")
    config = {"mqtt": {"host": "elsewhere", "username": "box", "password_file": str(tmp_path / "password")}}
    (tmp_path / "edged.yaml").write_text(json.dumps(config))
    users = tmp_path / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", users, "box", "secret"], check=True, capture_output=True)
    users.chmod(0o600)
    broker = Broker(tmp_path, f"allow_anonymous false\npassword_file {users}\n")
    broker.start()
    assert watch(broker.port) == 1
    assert "Not authorized" in capsys.readouterr().err
    assert watch(broker.port, "--username", "box", "--password-file", str(tmp_path / "password")) == 0
    broker.stop()


@pytest.fixture
def program():
    """Start `edged watch` as a process of its own; it is gone at the end whatever happens."""
    started = []

    def start(port, *arguments, **more):
        command = [sys.executable, "-m", "edged", "watch", "--host", "127.0.0.1", "--port", str(port), *arguments]
        started.append(subprocess.Popen(command, **more))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(30)


def test_a_reader_that_has_enough_ends_it_quietly(broker, box, program):
    """`edged watch --json | head -1`: no traceback, exit 0."""
    watching = program(broker.port, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert json.loads(watching.stdout.readline())
    watching.stdout.close()
    until_s = time.monotonic() + 10
    while watching.poll() is None and time.monotonic() < until_s:
        say(box, "edged/yard/event/drones", telling.event())
        time.sleep(0.05)
    assert watching.wait(5) == 0
    assert watching.stderr.read() == b""
    watching.stderr.close()


def test_on_a_terminal_it_draws_a_picture_and_ctrl_c_puts_the_terminal_back(broker, box, program):
    """The alternate screen is left and the cursor is back; exit 130."""
    ours, theirs = pty.openpty()
    watching = program(broker.port, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    drawn = read_until(ours, b"offline")
    say(box, "edged/yard/event/drones", telling.event(label="\x1b]0;owned\x07drone"))
    drawn += read_until(ours, "�]0;owned�drone".encode())
    watching.send_signal(signal.SIGINT)
    drawn += read_until(ours, b"\x1b[?1049l")
    assert watching.wait(5) == 130
    os.close(ours)
    assert b"\x1b[?1049h" in drawn
    assert b"\x1b[?25h" in drawn
    assert b"\x1b]0;" not in drawn
    assert b"Traceback" not in drawn


def test_q_ends_it_and_keys_are_neither_shown_nor_left_for_the_shell(broker, box, program):
    """Exit 0; the terminal is as it was."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    watching = program(broker.port, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    read_until(ours, b"offline")
    assert not termios.tcgetattr(theirs)[3] & (termios.ECHO | termios.ICANON)
    os.write(ours, b"zzq")
    drawn = read_until(ours, b"\x1b[?1049l")
    assert watching.wait(5) == 0
    assert b"zz" not in drawn
    assert termios.tcgetattr(theirs) == before
    assert not select.select([theirs], [], [], 0)[0]
    os.close(ours)
    os.close(theirs)


def read_until(terminal, ending, limit_s=40.0):
    drawn, until_s = b"", time.monotonic() + limit_s
    while ending not in drawn:
        assert time.monotonic() < until_s, drawn
        if select.select([terminal], [], [], 0.1)[0]:
            drawn += os.read(terminal, 65536)
    return drawn


def test_a_broker_that_goes_away_is_waited_for_and_both_are_said(tmp_path, program):
    """On standard error, so that the lines stay lines of what boxes said."""
    broker, out, err = Broker(tmp_path), tmp_path / "out", tmp_path / "err"
    broker.start()
    client = Listener(broker.port)
    say(client, "edged/yard/state", telling.state(), retain=True)
    client.close()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        watching = program(broker.port, stdout=stdout, stderr=stderr)
    try:
        wait_until(lambda: b"yard online" in out.read_bytes())
        broker.stop()
        wait_until(lambda: b"lost" in err.read_bytes())
        broker.start()
        wait_until(lambda: b"again\n" in err.read_bytes().partition(b"\n")[2])
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(5) == 130
        broker.stop()
    lost, found = err.read_text().splitlines()
    assert lost.startswith(f"edged: connection to 127.0.0.1:{broker.port} lost: ")
    assert lost.endswith("; trying again")
    assert found == f"edged: connected to 127.0.0.1:{broker.port} again"
