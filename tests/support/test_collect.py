"""What is collected for a bundle: how the running edged is."""

from dataclasses import replace

from edged.config import Fault
from edged.control.config import ControlConfig
from edged.control.server import Server
from edged.control.status import status
from edged.messages.wire import StateMessage
from edged.support.collect import collect
from tests.checkup.boxes import a_box


def test_where_the_configuration_is_faulty_it_says_which_socket_was_asked(tmp_path):
    """Whether one answers there or not: it might be another's."""
    box = a_box(tmp_path, control={"path": str(tmp_path / "c.sock")})
    faulty = replace(box, faults=(Fault(("nonsense",), "unknown key"),))
    asked = f"the configuration is faulty; asked the socket {tmp_path}/c.sock"
    assert collect(box, {}, with_logs=False)["status.json"] == "no edged runs"
    assert collect(faulty, {}, with_logs=False)["status.json"] == f"no edged runs; {asked}"
    say = lambda: StateMessage(state="online")  # noqa: E731  # of no matter here
    server = Server(ControlConfig(path=tmp_path / "c.sock"), status(say, say, list, list))
    server.start()
    try:
        assert collect(faulty, {}, with_logs=False)["status.json"]["asked"] == asked
        assert "asked" not in collect(box, {}, with_logs=False)["status.json"]
    finally:
        server.stop(1)
