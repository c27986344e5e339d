"""Program: ``edged run`` as a process that is killed and started again; what it says is noted as it comes."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from soaking.ledger import Ledger
from soaking.notices import Notices, log_says

ROOT = Path(__file__).parents[2]
READY_S = 30.0
ENDED = "ended by itself"
STOP_S = 10.0
"""The promise: it stops within this time."""


class Program:
    """One after the other on the same configuration, journal to the ledger, log to the notices and to a file."""

    def __init__(self, folder: Path, env: Mapping[str, str], ledger: Ledger, notices: Notices) -> None:
        self.config = folder / "edged.yaml"
        self.log_file = folder / "edged.log"
        self.lives: list[float] = []
        """When it said that it was ready, each time."""
        self._up = False
        self._env, self._ledger, self._notices = env, ledger, notices
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []

    @property
    def pid(self) -> int | None:
        """Of the one that runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def life(self) -> int:
        """Which of its lives this is, from 1; 0 while it starts or stops."""
        return len(self.lives) if self._up else 0

    def configure(self, settings: Mapping[str, Any] | str) -> None:
        """Write the configuration; a text as it is, however wrong."""
        text = settings if isinstance(settings, str) else yaml.safe_dump(dict(settings))
        self.config.write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Start it, as systemd would."""
        self._up = False
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "edged", "run", "-c", str(self.config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(self._env),
            cwd=ROOT,
        )
        self._readers = [
            threading.Thread(target=self._read_journal, args=(process.stdout,), name="journal", daemon=True),
            threading.Thread(target=self._read_log, args=(process.stderr,), name="log", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def revive(self) -> None:
        """Start it where it has ended though nobody told it to; that is noted."""
        if self._process is not None and self._process.poll() is not None:
            self._notices.add("log", {"message": f"{ENDED} with status {self._process.returncode}"})
            self._ended()
            self.start()

    def wait_until_ready(self, since_s: float) -> None:
        """RuntimeError with the end of its log where it is not ready in time."""
        if self._notices.wait(log_says("ready"), since_s, READY_S) is None:
            said = self.log_file.read_text(encoding="utf-8")[-2000:] if self.log_file.exists() else "nothing"
            raise RuntimeError(f"edged run is not ready after {READY_S:.0f} s; it said: {said}")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """No warning, no goodbye; what it had written is read to the end."""
        self.signal(signal.SIGKILL)
        self._ended()

    def stop(self) -> tuple[int | None, float]:
        """Its exit status, and how long it took to stop; None where it had to be killed."""
        began_s = time.monotonic()
        self.signal(signal.SIGTERM)
        status = None
        try:
            status = self._process.wait(STOP_S) if self._process else None
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
        took_s = time.monotonic() - began_s
        self._ended()
        return status, took_s

    def _ended(self) -> None:
        if self._process is not None:
            self._process.wait(STOP_S)
            for reader in self._readers:
                reader.join(STOP_S)
            self._process = None

    def _read_journal(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                if line.endswith("\n"):  # else it was killed within it
                    self._ledger.accept(json.loads(line))

    def _read_log(self, lines: IO[str]) -> None:
        with lines, self.log_file.open("a", encoding="utf-8") as kept:
            for line in lines:
                kept.write(line)
                kept.flush()
                said = _as_fields(line)
                self._note(said["message"])
                self._notices.add("log", said)

    def _note(self, message: str) -> None:
        if message == "ready":
            self.lives.append(time.time())
        if message in {"ready", "stopping"}:
            self._up = message == "ready"


def _as_fields(line: str) -> dict[str, Any]:
    """A line of the JSON log; what is none (Python's own last words) is a message."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    return said if isinstance(said, dict) and "message" in said else {"message": line.rstrip(), "level": "raw"}


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The same, without what a person's box or systemd would add to it."""
    added = {"PYTHONPATH", "NOTIFY_SOCKET", "JOURNAL_STREAM", "WATCHDOG_USEC"}
    return {name: value for name, value in env.items() if not name.startswith("EDGED_") and name not in added}
