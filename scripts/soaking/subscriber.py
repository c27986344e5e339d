"""Subscriber: somebody who never goes away: a session that the broker keeps, and that is taken up again at once."""

import json
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from soaking.ledger import Ledger
from soaking.notices import Notices

LISTEN_S = 10.0


class Subscriber:
    """Events go into the ledger; health, state, answers and gaps into the notices."""

    def __init__(self, port: int, root: str, ledger: Ledger, notices: Notices) -> None:
        """Returns when the broker has said that we shall have everything; RuntimeError where it does not."""
        self._root, self._ledger, self._notices = root, ledger, notices
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="soak", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(f"{root}/#", qos=1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port, keepalive=60)
        self._client.loop_start()
        if not subscribed.wait(LISTEN_S):
            raise RuntimeError(f"the broker on port {port} has not answered for {LISTEN_S:.0f} s")

    def ask(self, command: str, request: dict[str, Any]) -> None:
        """Publish a request; its answer comes as a notice, ``response/<command>``."""
        self._client.publish(f"{self._root}/request/{command}", json.dumps(request), qos=1)

    def close(self) -> None:
        """No more."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        topic = message.topic.removeprefix(f"{self._root}/")
        if topic.startswith("event/"):
            self._ledger.arrive(json.loads(message.payload))
        elif topic == "gap":
            self._ledger.gone += [(first, last) for first, last in json.loads(message.payload)["ranges"]]
        elif (topic in {"health", "info", "state"} or topic.startswith("response/")) and not message.retain:
            # what is retained was said before
            self._notices.add(topic, json.loads(message.payload))
