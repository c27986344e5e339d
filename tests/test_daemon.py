"""Daemon: it stops when it is told to, also while it still starts."""

import io
import os
import signal
import threading

from edged.changes import Changes
from edged.daemon import Daemon
from edged.settings import Settings


def test_who_is_told_to_stop_while_it_starts_loads_no_more_and_stops(tmp_path, monkeypatch, caplog):
    """A model may take its time to load: SIGTERM is not answered after the last of them."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    threads = threading.active_count()
    settings = Settings(mqtt={"enabled": False}, control={"enabled": False})
    daemon = Daemon(settings, io.StringIO(), lambda: settings, Changes(tmp_path / "changes.json"))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        daemon.obey_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        with caplog.at_level("INFO"):
            assert daemon.run() == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert [record.message for record in caplog.records if record.name == "edged.daemon"] == ["stopping", "stopped"]
    assert "models.drone_sound" not in daemon._health.parts()
    assert threading.active_count() == threads
