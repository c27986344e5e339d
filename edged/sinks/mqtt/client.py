"""Client: paho's, with a limit to what it reads, and a word when its thread ends, whatever ended it."""

import logging
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edged.sinks.mqtt.config import BrokerConfig, MqttConfig, read_secret, tls_context

MOST_BYTES = 64 * 2**10
"""Of a packet that is taken in: requests and what Home Assistant says are far shorter."""
IN_FLIGHT = 20
"""Messages sent and not yet acknowledged."""
MOST_UNANSWERED = 20
"""Messages that the broker may send before it has our word on the first. MQTT 5."""
READ_BYTES = 64 * 2**10

log = logging.getLogger(__name__)


class Client(paho.Client):
    """For one connection."""

    on_end: Callable[[str], None] = staticmethod(lambda _fault: None)
    """Told on paho's thread that it ends, and of which fault, if any."""

    def open(self, broker: BrokerConfig, keepalive_s: int) -> None:
        """Connect and start paho's thread; OSError or ValueError where nobody answers.

        Always with a clean session, which ends with the connection. A session that outlives it would bring requests
        late (``restart`` perhaps twice, if the box went down before the broker had its word on it), and would have
        events sent again under the ids of a client that is gone, where ours come from the outbox. Who asked and gets
        no answer asks again.
        """
        properties = None
        if self.speaks_5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = MOST_BYTES
            properties.ReceiveMaximum = MOST_UNANSWERED
        self.connect(broker.host, broker.port, keepalive_s, properties=properties)
        self.loop_start()

    @property
    def speaks_5(self) -> bool:
        """Whether it is a client of MQTT 5."""
        return self.protocol == MQTTProtocolVersion.MQTTv5

    @property
    def reads_too_much(self) -> bool:
        """Whether the packet that is being handled is longer than ``MOST_BYTES``, and was cut off."""
        return self._in_packet["remaining_length"] > MOST_BYTES

    def send_at_once_at_most(self, count: int) -> None:
        """Have no more than so many unanswered; paho takes the broker's limit from nobody, and ours only beforehand."""
        self._max_inflight_messages = min(self._max_inflight_messages, count)

    def loop_forever(self, *args: Any, **kwargs: Any) -> MQTTErrorCode:
        """What paho's thread does, but its end is never silent."""
        fault = ""
        try:
            return super().loop_forever(*args, **kwargs)
        except Exception as error:  # of paho's, or of ours in a callback: the connection is over
            log.exception("connection lost to a fault in its thread")
            fault = f"a fault of edged's own: {error!r}; please report it"
            return MQTTErrorCode.MQTT_ERR_UNKNOWN
        finally:
            self.on_end(fault)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Read; of a packet that is too long only so much is kept as shows its topic.

        paho collects packets of up to 256 MB, and brokers of MQTT 3.1.1 cannot be told what is too long.
        """
        if self.reads_too_much and self._in_packet["have_remaining"]:
            if self._transport == "websockets":  # where paho keeps whole frames of its own
                raise ConnectionError("the broker sends a message that is too long")
            del self._in_packet["packet"][MOST_BYTES:]
        return super()._sock_recv(min(bufsize, READ_BYTES))


def make_client(config: MqttConfig, name: str, will: tuple[str, bytes] | None, *, older: bool) -> Client:
    """A client for one connection: MQTT 5, or 3.1.1 for an ``older`` broker; ``will``: retained topic and payload.

    Secrets are read anew each time; ConfigError where one cannot be.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=name,
        protocol=MQTTProtocolVersion.MQTTv311 if older else MQTTProtocolVersion.MQTTv5,
        transport=config.transport,
        reconnect_on_failure=False,
    )
    client.max_inflight_messages_set(IN_FLIGHT)
    if will:
        client.will_set(*will, qos=1, retain=True)
    if config.transport == "websockets":
        client.ws_set_options(config.websocket_path)
    if config.username:
        client.username_pw_set(config.username, read_secret(config.password_file) if config.password_file else None)
    if config.tls.enabled:
        client.tls_set_context(tls_context(config.tls))
    return client
