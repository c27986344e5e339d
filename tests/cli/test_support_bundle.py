"""`edged support-bundle`: what is in it, and above all what is not."""

import base64
import json
import os
import stat
import tarfile
from contextlib import ExitStack, closing
from dataclasses import replace
from urllib.parse import quote

import pytest

from edged.checkup.box import look_at
from edged.cli import support_bundle as command
from edged.cli.support_bundle import CONTENTS, redacted_files
from edged.control.config import ControlConfig
from edged.control.serving import serve
from edged.control.status import status
from edged.messages.event import Phase
from edged.messages.health import State
from edged.messages.wire import event_message
from edged.outbox import Outbox
from edged.report import health_message, info_message
from edged.runtime.health import Health
from edged.settings import Settings
from tests.cli.commands import run
from tests.events import an_event
from tests.gallery.faces import a_sample, open_gallery

SECRETS = {"broker": "hunter2-Bäckerei", "camera": "s3same/öffne+dich", "other": "tr0ub4dor"}
NAMES = ("Žofia Brückner", "Al")
CROP = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PRIVATE = ("Tomato Street 5", "Farm of the Nováks", "likes her tea black", "cam-user-7")
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDhkNjE5YzA4\n-----END PRIVATE KEY-----\n"


def needles(gallery_key):
    """Everything that must be nowhere in a bundle, in each form in which it was planted."""
    words = [*SECRETS.values(), *NAMES[0].split(), *PRIVATE, gallery_key, "MC4CAQAwBQYDK2VwBCIEIDhkNjE5YzA4"]
    forms = [form for word in words for form in (word, quote(word, safe=""), json.dumps(word)[1:-1])]
    pictures = [base64.b64encode(CROP).decode()[:40], CROP.hex()[:40], repr(CROP)[2:40]]
    return [form.lower() for form in (*forms, *pictures, f"u:{SECRETS['broker']}")]


def planted():
    """A line with a bit of everything, as no program should write it."""
    texts = (SECRETS["broker"], SECRETS["camera"], *NAMES, KEY, base64.b64encode(CROP).decode(), CROP.hex(), repr(CROP))
    event = event_message(an_event(label="Erased Esther", subject="person:01J"), 1, 1_700_000_010.0)
    basic = base64.b64encode(f"u:{SECRETS['camera']}".encode()).decode()
    forms = "\n".join(f"{text} {quote(text, safe='')} {json.dumps(text)}" for text in texts)
    return (
        f"{forms}\n{event.model_dump_json()}\nAuthorization: Basic {basic}\nrtsp://ana:{quote(SECRETS['camera'])}@h/\n"
    )


class Planted:
    """A box that holds all of it, runs, and whose journal and kernel tell of it."""

    def __init__(self, folder, stack):
        self.folder, self.config = folder, folder / "edged.yaml"
        self.stack = stack
        for name, secret in SECRETS.items():
            (folder / name).write_text(secret + "\n")
            (folder / name).chmod(0o600)
        (folder / "tls.key").write_text(KEY)
        self._configure()
        self._fill_gallery()
        outbox = stack.enter_context(closing(Outbox(folder / "state" / "outbox.sqlite3")))
        outbox(an_event(label=NAMES[0], subject="person:01J"))
        self._programs()
        self._run(outbox)

    def _configure(self):
        camera = {"type": "camera", "url": "rtsp://cam.example/live", "username": PRIVATE[3]}
        settings = {
            "site": PRIVATE[1],
            "location": PRIVATE[0],
            "sources": {"porch": {**camera, "password_file": str(self.folder / "camera")}},
            "pipelines": {"faces": {"kind": "faces", "source": "porch", "enabled": False}},
            "control": {"path": str(self.folder / "c.sock")},
            "mqtt": {
                "enabled": False,
                "username": "barn",
                "password_file": str(self.folder / "broker"),
                "tls": {"key_file": str(self.folder / "tls.key")},
            },
            "gallery": {"path": str(self.folder / "state" / "faces"), "keep_crops": True},
            "outbox": {"path": str(self.folder / "state" / "outbox.sqlite3")},
        }
        quiet = {"quiet_hours": [{"from": "22:00", "to": "06:00", "labels": [NAMES[0]]}]}
        settings["pipelines"]["faces"]["publish"] = quiet
        self.config.write_text(f"# the password is {SECRETS['broker']}, ask {NAMES[0]}\n" + json.dumps(settings))

    def _fill_gallery(self):
        folder = self.folder / "state" / "faces"
        with closing(open_gallery(folder)) as gallery:
            for number, name in enumerate(NAMES):
                gallery.add(name, [a_sample(number, crop=CROP)], notes=PRIVATE[2], by="test")
            gallery.backup()
        self.key = (folder / "key").read_text().strip()

    def _programs(self):
        """What the system's own programs would say."""
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.folder / "said").write_text(planted() + "usb 1-1: reset, " + planted().replace("\n", " "))
        for name in ("journalctl", "dmesg"):
            (self.bin / name).write_text(f"#!/bin/sh\ncat {self.folder}/said\n")
            (self.bin / name).chmod(0o755)
        unit = self.folder / "root/etc/systemd/system/edged.service"
        unit.parent.mkdir(parents=True)
        unit.write_text(f"[Service]\nEnvironment=MQTT_PASSWORD={SECRETS['other']}\n# {planted()}")

    def _run(self, outbox):
        health = Health()
        health.part("sources.porch").set(State.FAILING, planted())
        event = event_message(an_event(Phase.START, label=NAMES[0], subject="person:01J"), 1, 1_700_000_010.0)
        handlers = status(
            lambda: info_message(Settings(site=PRIVATE[1], location=PRIVATE[0]), [], {}, [], {"a.b": NAMES[0]}),
            lambda: health_message(health, outbox, 60.0),
            lambda: planted().splitlines(),
            lambda: [event],
        )
        serve(ControlConfig(path=self.folder / "c.sock"), handlers, health.part("control"), self.stack)


@pytest.fixture
def box(tmp_path, monkeypatch):
    with ExitStack() as stack:
        made = Planted(tmp_path, stack)
        monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
        yield made


def leaks(texts, key):
    """Which needle stands in which file."""
    found = [(name, needle) for name, text in texts.items() for needle in needles(key) if needle in text.lower()]
    return [*found, *((name, "Al") for name, text in texts.items() if "\nAl " in text)]


def unpacked(path):
    with tarfile.open(path) as bundle:
        files = {member.name: bundle.extractfile(member).read().decode() for member in bundle.getmembers()}
    return {name.removeprefix("edged-support/"): text for name, text in files.items()}


def test_nothing_private_is_in_a_bundle(box):
    """Secrets, names, notes, keys, faces, whoever says them and in whatever form."""
    found = redacted_files(replace(look_at(box.config), root=box.folder / "root"), hide_addresses=False)
    assert set(found) == set(CONTENTS)
    assert leaks({"planted": planted()}, box.key)
    assert leaks(found, box.key) == []
    assert "esther" not in "".join(found.values()).lower()
    assert SECRETS["other"] not in found["unit.txt"]


def test_what_a_maintainer_needs_is_in_it(box, tmp_path, capsys):
    """As one file for its owner alone; what is in it is told, and that it went nowhere."""
    path = tmp_path / "b.tar.gz"
    assert run(command, path, "-c", box.config) == 0
    told, texts = capsys.readouterr().out, unpacked(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(name in told for name in texts)
    assert "Nothing was sent anywhere" in told
    assert leaks({**texts, "told": told}, box.key) == []
    assert json.loads(texts["counts.json"])["gallery"] | {"audit": 0, "bytes": 0} == {
        "people": 2,
        "samples": 2,
        "audit": 0,
        "bytes": 0,
    }
    assert json.loads(texts["counts.json"])["outbox"]["waiting"] == 1
    assert json.loads(texts["doctor.json"])["databases"]
    assert json.loads(texts["status.json"])["health"]["state"] == "failing"
    assert "paho-mqtt" in texts["versions.txt"]
    assert "rtsp://cam.example/live" in texts["settings.yaml"]
    assert "usb 1-1: reset" in texts["kernel.txt"]


def test_a_bundle_is_never_written_over_another(box, tmp_path, capsys):
    """Nor is half of one left."""
    path = tmp_path / "b.tar.gz"
    path.write_text("mine")
    assert run(command, path, "-c", box.config) == 1
    assert run(command, tmp_path / "absent" / "b.tar.gz", "-c", box.config) == 1
    assert "name a place" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert list(tmp_path.glob("*.part")) == []


def test_where_names_cannot_be_read_logs_are_left_out(box, tmp_path, capsys):
    """A key that does not fit is as good as none: whom the journal names is not known then."""
    (tmp_path / "state/faces/key").write_text("ab" * 32)
    path = tmp_path / "b.tar.gz"
    assert run(command, path, "-c", box.config) == 0
    texts = unpacked(path)
    assert "journal.txt" not in texts
    assert "Left out" in texts["README.txt"]
    assert "journal is left out" in capsys.readouterr().err
    assert json.loads(texts["status.json"])["warnings"] == "[removed]"
    assert NAMES[0].split()[0] not in texts["settings.yaml"]


def test_a_faulty_configuration_is_not_shown(box, tmp_path):
    """It may hold a password where none belongs; the lines of its faults are."""
    box.config.write_text(f"device: barn\nmqtt: {{password: {SECRETS['broker']}, hots: {SECRETS['other']}}}\n")
    path = tmp_path / "b.tar.gz"
    assert run(command, path, "-c", box.config) == 0
    texts = unpacked(path)
    assert "line 2" in texts["settings.yaml"]
    assert SECRETS["broker"] not in "".join(texts.values())
    assert SECRETS["other"] not in "".join(texts.values())
