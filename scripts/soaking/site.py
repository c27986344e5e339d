"""Site: a box among its servers, whoever listens to it, and what flies over."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from edged.inference.catalogue import shipped_models
from soaking.ledger import Ledger
from soaking.notices import Notices
from soaking.program import Program, environment
from soaking.servers import Servers, start_servers
from soaking.sounds import Sounds
from soaking.subscriber import Subscriber
from tests.faces import make_models
from tests.inference.edgetpu.stand_in import add_twin, copy_model
from tests.virtual_microphone import VirtualMicrophone

ROOT = "edged/soak"
"""Of the box's topics."""


@dataclass(frozen=True, slots=True)
class Site:
    """All that there is."""

    servers: Servers
    settings: dict[str, Any]
    ledger: Ledger
    notices: Notices
    program: Program
    subscriber: Subscriber
    sounds: Sounds


@contextmanager
def site(folder: Path, seed: int) -> Iterator[Site]:
    """All of it runs, and the box is ready; in the end all of it is stopped."""
    with ExitStack() as stack:
        servers = start_servers(folder, stack)
        make_model_folder(folder / "models", servers)
        settings, ledger, notices = settings_for(folder, servers), Ledger(), Notices()
        own = {"STATE_DIRECTORY": str(folder / "state"), "OPENBLAS_NUM_THREADS": "1"}
        program = Program(folder, environment({**servers.microphone.env, **own}), ledger, notices)
        subscriber = Subscriber(servers.brokers.port, ROOT, ledger, notices)
        stack.callback(subscriber.close)
        sounds = Sounds(servers.microphone, seed)
        sounds.start()
        stack.callback(program.kill)
        program.configure(settings)
        began_s = time.time()
        program.start()
        program.wait_until_ready(began_s)
        yield Site(servers, settings, ledger, notices, program, subscriber, sounds)


def make_model_folder(folder: Path, servers: Servers) -> None:
    """The shipped model, with a twin for the accelerator, and those of faces, as far as they are wanted."""
    folder.mkdir()
    if servers.camera:
        with redirect_stdout(StringIO()):
            make_models(folder)
    drone_sound = copy_model(shipped_models() / "drone_sound", folder / "drone_sound")
    if servers.accelerator:
        add_twin(drone_sound)


def settings_for(folder: Path, servers: Servers) -> dict[str, Any]:
    """Two pipelines hear what one microphone hears; each camera has one of its own."""
    watched = {name: it for name, it in {"camera": servers.camera, "gate": servers.rtsp}.items() if it}
    seen = {name: {"type": "camera", "url": it.url, "max_fps": 5} for name, it in watched.items()}
    faces = {f"people-{name}": {"kind": "faces", "source": name, "liveness": {"enabled": False}} for name in watched}
    edgetpu: dict[str, Any] = {"enabled": False}
    if device := servers.accelerator:
        held = {"library": str(device.library), "options": device.options, "locks": str(folder)}
        edgetpu = {"devices": ["usb:0"], "check_s": 3, **held}
    return {
        "device": "soak",
        "sources": {"microphone": {"type": "microphone", "device": VirtualMicrophone.device}, **seen},
        "pipelines": {
            "drones": {"smoothing": {"update_s": 1}},
            "sensitive": {"smoothing": {"update_s": 0.5, "votes": 3}},
            **faces,
        },
        "models": {"path": str(folder / "models")},
        "accelerator": {"edgetpu": edgetpu},
        "control": {"path": str(folder / "control.sock")},
        "mqtt": {"host": "127.0.0.1", "port": servers.brokers.port, "keepalive_s": 2, "reconnect_max_s": 2},
        "commands": {"restart": True},
        "health": {"interval_s": 10, "flaps": 1000},
        "guards": {"disk": {"low_bytes": 2_000_000, "least_bytes": 1_000_000}},
        "log": {"format": "json"},
    }
