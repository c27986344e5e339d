"""Client: paho's, without a thread of its own, and with a limit to what it reads."""

import select
import socket
import threading
from contextlib import suppress
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


class Client(paho.Client):
    """For one connection. One thread at a time turns it: reads, writes and calls back; any may publish.

    With a thread of paho's an event would pass from the pipeline's to ours to that: a change of threads in Python costs
    as much as the rest of the way.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As paho's."""
        super().__init__(*args, **kwargs)
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._turner = 0

    def open(self, broker: BrokerConfig, keepalive_s: int) -> None:
        """Connect and say hello; OSError or ValueError where nobody answers.

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
        self.take_over()
        self.connect(broker.host, broker.port, keepalive_s, properties=properties)

    def take_over(self) -> None:
        """From now on this thread turns it."""
        self._turner = threading.get_ident()

    def turn(self, timeout_s: float) -> MQTTErrorCode:
        """Read and write what there is, or what comes within so long; all that is called back is called meanwhile."""
        self.take_over()
        if (sock := self.socket()) is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        unread = hasattr(sock, "pending") and sock.pending() > 0  # TLS has it already: select would not see it
        wanted = [sock] if self.want_write() else []
        ready, _, _ = select.select([sock, self._ear], wanted, [], 0.0 if unread else timeout_s)
        if self._ear in ready:
            self._ear.recv(READ_BYTES)
        code = self.loop_read() if unread or sock in ready else MQTTErrorCode.MQTT_ERR_SUCCESS
        if not code and self.want_write():
            code = self.loop_write()
        return code or self.loop_misc()

    def wake(self) -> None:
        """Have :meth:`turn` return."""
        with suppress(OSError):  # it rings already, or is over
            self._bell.send(b"\0")

    def loop_write(self) -> MQTTErrorCode:
        """Only who turns it writes: two could each send a part of a packet."""
        if threading.get_ident() == self._turner:
            return super().loop_write()
        self.wake()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def shut(self) -> None:
        """Leave no socket, not even a half-made connection's."""
        self._reset_sockets()
        self._bell.close()
        self._ear.close()

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
    password = read_secret(config.password_file) if config.password_file else None
    tls = tls_context(config.tls) if config.tls.enabled else None
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
        client.username_pw_set(config.username, password)
    if tls:
        client.tls_set_context(tls)
    return client
