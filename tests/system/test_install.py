"""`scripts/install`, for real: a Debian 12 that systemd boots in a container, and the life of a box in it."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over
from tests.broker import free_port, wait_until
from tests.inference.edgetpu.stand_in import StandIn, add_twin, copy_model
from tests.system.container import CACHE, Container, debian, missing

ROOT = Path(__file__).parents[2]
PARTS = (
    "edged",
    "models",
    "config",
    "systemd",
    "scripts",
    "pyproject.toml",
    "requirements.lock",
    "README.md",
    "LICENSE",
)
HANG_ONCE = Path(__file__).parent / "hang_once"
UNIT = "/etc/systemd/system/edged.service"
DROP_INS = f"{UNIT}.d"
CONFIG, KEY = "/etc/edged/edged.yaml", "/etc/edged/gallery.key"
KEPT = (CONFIG, KEY, "/var/lib/edged/outbox.sqlite3")
ALSA = """pcm.recorded {
    type plug
    slave {
        pcm { type file, slave.pcm "null", file "/dev/null", infile "/var/lib/edged/pass.wav", format "raw" }
        format S16_LE
        rate 16000
        channels 1
    }
    hint { show on, description "a recording" }
}
"""
SUM = f"sha256sum {CONFIG} {KEY}"
HANGS = """[Service]
Environment=PYTHONPATH=/usr/local/lib/hang_once HANG_ONCE=/var/lib/edged/hang
WatchdogSec=4
"""
BACK_S = 10.0
"""From the watchdog's abort to the next event on the broker."""
AT_WORK = ("daemon.py", "reload.py", "runtime/capture.py", "runtime/flow.py", "outbox/", "sinks/mqtt/", "guards/")
"""Files of edged's, each on the stack of a thread that a box always has."""


def packages():
    """Those that scripts/install asks for."""
    listed = re.search(r"^PACKAGES=\((.*?)^\)", (ROOT / "scripts/install").read_text(), re.MULTILINE | re.DOTALL)
    return tuple(word for line in listed[1].splitlines() for word in line.partition("#")[0].split())


@pytest.fixture
def folder():
    """Not below /tmp/pytest-of-*, which other sessions of pytest clear while something is mounted in it."""
    if lacks := missing():
        pytest.skip(lacks)
    CACHE.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="box-", dir=CACHE))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def source(folder):
    """A copy of this tree, which nobody else changes meanwhile: /src in the container."""
    copy = folder / "src"
    copy.mkdir()
    for part in PARTS:
        path = ROOT / part
        if path.is_dir():
            shutil.copytree(path, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, copy)
    return copy


@pytest.fixture
def box(folder, source):
    """A booted Debian 12; edged is not installed yet."""
    try:
        lower = debian(packages())
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"no Debian to boot: {error}")
    container = Container(folder / "box", lower, source)
    try:
        container.start()
        yield container
    finally:
        container.stop()


class Story:
    """Says what is done, with the time that it took."""

    def __init__(self):
        self.began = time.monotonic()

    def __call__(self, what):
        sys.stdout.write(f"{time.monotonic() - self.began:6.1f} s  {what}\n")
        sys.stdout.flush()


def shown(box, name):
    return box.run("systemctl", "show", "-P", name, "edged")


def current(box):
    return box.run("readlink", "/opt/edged/current")


def active(box):
    return shown(box, "ActiveState") == "active"


def journal(box):
    return box.run("journalctl", "-u", "edged", "--no-pager", "-o", "cat")


def at(box, said, since_s=0.0):
    """When systemd said so first, in seconds; it must have."""
    return next(at_s for at_s, text, by in box.journal("edged") if at_s > since_s and by == "1" and said in text)


def began(listener, since_s):
    """What was heard, by the first message of each event that came since."""
    said = [message for message in listener.messages if message.topic.endswith("event/drones")]
    return [message for message in said if message.at_s > since_s and message.payload["phase"] == "start"]


def scrape(box, port):
    url = f"http://127.0.0.1:{port}/metrics"
    return box.run("python3", "-c", f"import urllib.request as r; print(r.urlopen('{url}').read().decode())")


def hear(box, broker, **source):
    """Give the box a recording to hear, or another source, and this broker to tell."""
    recording = box.folder / "root/var/lib/edged/pass.wav"
    config = FlyOver(duration_s=6, quiet_s=0.5)
    soundfile.write(recording, fly_over(config), config.rate_hz)
    recorded = {"type": "recording", "path": "/var/lib/edged/pass.wav", "loop": True}
    settings = {
        "device": "box",
        "sources": {"microphone": source or recorded},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }
    box.write(CONFIG, json.dumps(settings))


def it_installs(box):
    """One command, and the box runs, though nothing is plugged in and there is no broker."""
    told = box.run("/src/scripts/install", "--dry-run")
    assert "would start" in told or "would enable the service" in told
    assert box.run("ls", "/etc/edged", "/opt/edged/versions", check=False).count("cannot access") == 2, (
        "it must do nothing"
    )
    if "libraries" in box.run("/src/scripts/install"):  # which takes most of the time
        box.keep("/opt/edged/libraries")
    assert active(box)
    assert shown(box, "StatusText")
    assert box.run("edged", "check").endswith("ok")
    assert box.run("stat", "-c", "%U %a", KEY) == "root 600"
    assert "plugdev" in box.run("id", "edged")
    assert "complete" in box.run(
        "bash", "-ic", "source /usr/share/bash-completion/completions/edged; complete -p edged"
    )


def the_unit_is_sound(box):
    """Nothing for systemd to complain of, and little for an intruder to gain."""
    assert box.run("systemd-analyze", "verify", UNIT) == ""
    score = box.run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT).splitlines()[-1]
    assert float(re.search(r"[0-9]+\.[0-9]", score)[0]) <= 1.7, score


def it_hears_and_publishes(box, broker, listener):
    """Under the whole sandbox: events on the broker, the state kept, a clean and quick end."""
    hear(box, broker)
    box.run("systemctl", "restart", "edged")
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    assert shown(box, "NRestarts") == "0"
    assert "drones" in box.run("edged", "status", "--json")
    heard = listener.on("event/drones")[0]["id"]
    wait_until(lambda: "event" in box.run("journalctl", "-o", "cat", "EDGED_PIPELINE=drones", f"EDGED_EVENT={heard}"))
    pid = shown(box, "MainPID")
    box.write(CONFIG, json.dumps(json.loads(box.run("cat", CONFIG)) | {"site": "field"}))
    box.run("systemctl", "reload", "edged")
    listener.wait_for(lambda it: it.on("box/info")[-1]["site"] == "field")
    listener.wait_for(lambda it: it.on("box/health")[-1]["parts"]["settings"]["state"] == "ok")
    assert shown(box, "MainPID") == pid
    began = time.monotonic()
    box.run("systemctl", "stop", "edged")
    assert time.monotonic() - began < 10
    assert shown(box, "Result") == "success"
    listener.wait_for(lambda it: it.on("box/state")[-1:] == [{"state": "offline"}])
    box.run("systemctl", "start", "edged")


def it_reads_a_microphone(box, broker, listener):
    """PortAudio's blocking reads, under the whole sandbox: a file plays the sound card, as fast as it is read."""
    (box.folder / "root/etc/asound.conf").write_text(ALSA)
    listener.messages.clear()
    hear(box, broker, type="microphone", device="recorded")
    box.run("systemctl", "restart", "edged")
    listener.wait_for(lambda it: "online" in it.on("availability/microphone"), 20)
    hear(box, broker)
    box.run("systemctl", "restart", "edged")


def it_uses_an_edge_tpu(box, broker, listener):
    """The process that holds it runs under the same sandbox; a stand-in plays the device."""
    state = box.folder / "root/var/lib/edged"
    add_twin(copy_model(ROOT / "models/drone_sound", state / "models/drone_sound"))
    (state / "tpu").mkdir()
    stand_in = StandIn(state / "tpu")
    shutil.copy(stand_in.library, state / "tpu")
    options = {name: path.removeprefix(str(box.folder / "root")) for name, path in stand_in.options.items()}
    library = f"/var/lib/edged/tpu/{stand_in.library.name}"
    tpu = {"devices": ["usb:0"], "library": library, "options": options, "locks": "/var/lib/edged"}
    settings = json.loads(box.run("cat", CONFIG))
    settings |= {"models": {"path": "/var/lib/edged/models"}, "accelerator": {"edgetpu": tpu}}
    box.write(CONFIG, json.dumps(settings))
    listener.messages.clear()
    box.run("systemctl", "restart", "edged")
    listener.wait_for(lambda it: any(said["models"][0]["device"] == "usb:0" for said in it.on("box/info")), 20)
    listener.wait_for(lambda it: any(event["model"]["device"] == "usb:0" for event in it.on("event/drones")), 30)
    hear(box, broker)
    box.run("systemctl", "restart", "edged")


def a_stuck_stage_is_aborted_and_the_box_is_back(box, listener):
    """The watchdog is fed, then no more; every thread's stack is in the journal; READY, and heard again, in time."""
    shutil.copytree(HANG_ONCE, box.folder / "root/usr/local/lib/hang_once")
    box.make(f"{DROP_INS}/hang.conf", HANGS)
    box.run("systemctl", "daemon-reload")
    listener.messages.clear()
    box.run("systemctl", "restart", "edged")
    pid, pinged = shown(box, "MainPID"), shown(box, "WatchdogTimestampMonotonic")
    listener.wait_for(lambda it: it.on("event/drones"), 30)
    wait_until(lambda: shown(box, "WatchdogTimestampMonotonic") != pinged)
    box.make("/var/lib/edged/hang")
    listener.wait_for(lambda it: "these are stuck: pipelines.drones" in str(it.on("box/health")[-1:]))
    wait_until(lambda: shown(box, "NRestarts") == "1")
    fired_s = at(box, "Watchdog timeout (limit 4s)")
    listener.wait_for(lambda it: began(it, fired_s), 30)
    ready_s, published_s = at(box, "Started edged.service", fired_s), began(listener, fired_s)[0].at_s
    assert ready_s < published_s < fired_s + BACK_S, (fired_s, ready_s, published_s)
    said = "\n".join(text for _, text, by in box.journal("edged") if by == pid)
    stacks = said.partition("Fatal Python error: Aborted")[2]
    assert re.search(r"in hang_for_ever\n.* in watch\n.*/edged/stages/", stacks)
    assert [file for file in AT_WORK if f"/edged/{file}" not in stacks] == []
    box.run("rm", "-r", DROP_INS, "/usr/local/lib/hang_once")
    box.run("systemctl", "daemon-reload")
    return f"ready {ready_s - fired_s:.1f} s, an event on the broker {published_s - fired_s:.1f} s after the watchdog"


def prometheus_and_the_doctor_see_it(box):
    """Metrics from within the sandbox; the doctor beside it, as its user and as root: no fault, and nothing changed."""
    settings, port = json.loads(box.run("cat", CONFIG)), free_port()
    box.write(CONFIG, json.dumps(settings | {"metrics": {"prometheus": {"enabled": True, "port": port}}}))
    box.run("systemctl", "restart", "edged")
    wait_until(lambda: 'part="pipelines.drones",step="classify_sound"' in scrape(box, port))
    assert 'edged_part_state{needed="true",part="sources.microphone",state="ok"} 1.0' in scrape(box, port)
    for user in ("edged", "root"):
        found = json.loads(box.run("runuser", "-u", user, "--", "edged", "doctor", "--json"))
        said = " · ".join(finding["found"] for finding in found["unit"])
        assert re.fullmatch(r".* is as it was shipped · active \(running\), .* · edged \S+, as installed", said)
        assert "lets us in" in str(found["broker"])
    assert box.run("find", "/var/lib/edged", "-user", "root") == ""


def a_second_install_changes_nothing(box):
    """Not the files, not the running service."""
    files = r"find /opt/edged /etc/edged /etc/systemd /etc/udev /usr/local -not -type d -printf '%p %T@ %i\n' | sort"
    before, pid = box.run("bash", "-c", files), shown(box, "MainPID")
    assert box.run("/src/scripts/install").startswith("nothing to do")
    assert (box.run("bash", "-c", files), shown(box, "MainPID")) == (before, pid)


def an_upgrade_can_be_taken_back(box, source):
    """The version before stays, and `edged rollback` goes to it, and forward again; the configuration stays."""
    before, sums = current(box), box.run(*SUM.split())
    version = source / "edged/__init__.py"
    version.write_text(version.read_text() + "# another version\n")
    box.run("/src/scripts/install")
    after = current(box)
    assert after != before
    assert active(box)
    assert "trial" not in box.run("ls", "/opt/edged"), "it was ready: the trial is over"
    box.run("edged", "rollback")
    assert (current(box), active(box)) == (before, True)
    assert before in box.run("cat", f"/proc/{shown(box, 'MainPID')}/cmdline")
    box.run("edged", "rollback")
    assert (current(box), active(box)) == (after, True)
    assert box.run(*SUM.split()) == sums


def a_broken_version_goes_by_itself(box, source):
    """It is never ready: after three starts the version before runs again, and nobody was needed."""
    good = current(box)
    daemon = source / "edged/daemon.py"
    text = daemon.read_text()
    daemon.write_text(text + '\nraise RuntimeError("broken")\n')
    said = box.run("/src/scripts/install", check=False)
    assert "the version before comes back" in said
    wait_until(lambda: current(box) == good and active(box), 60)
    assert journal(box).count("RuntimeError: broken") == 3
    assert "was not ready in 3 starts" in journal(box)
    daemon.write_text(text)


def a_configuration_that_a_version_refuses_keeps_it_out(box, source):
    """The version that runs goes on running."""
    good = current(box)
    settings = source / "edged/settings.py"
    text = settings.read_text()
    settings.write_text(text.replace("    device: Slug | None = None", "    name_of_box: Slug | None = None", 1))
    assert "does not take the configuration" in box.run("/src/scripts/install", check=False)
    assert (current(box), active(box)) == (good, True)
    settings.write_text(text)


def it_is_taken_away(box):
    """All but what is the operator's; --purge takes that too."""
    sums = box.run(*SUM.split())
    box.run("/src/scripts/install", "--uninstall")
    assert box.run("ls", "/opt", "/usr/local/bin", "/etc/udev/rules.d", UNIT, check=False).count("edged") == 1
    assert box.run(*SUM.split()) == sums
    assert box.run("ls", *KEPT).splitlines() == sorted(KEPT)
    box.run("/src/scripts/install", "--purge")
    assert box.run("ls", "-d", "/etc/edged", "/var/lib/edged", check=False).count("cannot access") == 2
    assert box.run("id", "edged", check=False).endswith("no such user")


@pytest.mark.timeout(1500)
def test_a_box_is_installed_runs_is_upgraded_goes_back_and_is_taken_away(box, source, broker, listener):
    """One command each, in a Debian 12 that systemd booted; `pytest -s` tells the story as it goes."""
    story = Story()
    for chapter in (
        lambda: it_installs(box),
        lambda: the_unit_is_sound(box),
        lambda: it_hears_and_publishes(box, broker, listener),
        lambda: it_reads_a_microphone(box, broker, listener),
        lambda: it_uses_an_edge_tpu(box, broker, listener),
        lambda: a_stuck_stage_is_aborted_and_the_box_is_back(box, listener),
        lambda: prometheus_and_the_doctor_see_it(box),
        lambda: a_second_install_changes_nothing(box),
        lambda: an_upgrade_can_be_taken_back(box, source),
        lambda: a_broken_version_goes_by_itself(box, source),
        lambda: a_configuration_that_a_version_refuses_keeps_it_out(box, source),
        lambda: it_is_taken_away(box),
    ):
        told = chapter()
        story(chapter.__code__.co_names[0].replace("_", " ") + (f": {told}" if told else ""))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here to judge the unit")
def test_the_unit_is_one_that_systemd_takes_and_an_intruder_does_not_like(tmp_path):
    """`verify` is silent and `security` at most 1.7, with programs in the place of those that are installed."""
    unit = tmp_path / "edged.service"
    text = (ROOT / "systemd/edged.service").read_text()
    unit.write_text(re.sub(r"(?m)^(Exec\w+=[-+]*)/opt/\S+", r"\1/bin/true", text))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, check=False, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
    score = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1]
    assert float(re.search(r"[0-9]+\.[0-9]", score)[0]) <= 1.7, score
