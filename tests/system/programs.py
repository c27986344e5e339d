"""The real program, as a child process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

EDGED = [sys.executable, "-m", "edged"]


def edged(*arguments, env=None, **options):
    """Run a command to its end."""
    whole = {**os.environ, **(env or {})}
    return subprocess.run(
        [*EDGED, *map(str, arguments)], capture_output=True, check=False, text=True, timeout=60, env=whole, **options
    )


class Running:
    """`edged run` with a configuration; its log and its journal are read as it goes."""

    def __init__(self, folder: Path, settings: dict, env: dict[str, str] | None = None) -> None:
        self.config = folder / "edged.yaml"
        self.config.write_text(json.dumps(settings))
        self.log: list[str] = []
        self.journal: list[dict] = []
        self.process = subprocess.Popen(
            [*EDGED, "run", "-c", self.config],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self._readers = [
            threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True),
            threading.Thread(target=lambda: self.journal.extend(map(json.loads, self.process.stdout)), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def wait_until_ready(self, timeout_s: float = 20.0) -> None:
        until = time.monotonic() + timeout_s
        while not any(" ready " in line for line in self.log):
            assert time.monotonic() < until, "".join(self.log)
            assert self.process.poll() is None, "".join(self.log)
            time.sleep(0.02)

    def rss_mb(self) -> float:
        """What it takes of memory now, without what its children take."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 10.0) -> int:
        """Its exit status; the reading threads have seen everything."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(timeout_s)
        finally:
            self.process.kill()
        for reader in self._readers:
            reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        return status
