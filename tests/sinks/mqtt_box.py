"""An outbox with an Mqtt on it."""

from edged.outbox import Outbox, OutboxConfig
from edged.runtime.health import Health
from edged.sinks.mqtt import Mqtt, MqttConfig
from tests.broker import wait_until


class Box:
    """Its name is ``box``; ``start=False`` leaves time to listen."""

    def __init__(self, port, path=None, *, start=True, message_expiry_s=None, **config):
        self.outbox = Outbox(path, OutboxConfig(drain_per_s=100_000, batch_s=0.02))
        self.health = Health().part("sinks.mqtt")
        config = MqttConfig(port=port, **{"reconnect_max_s": 0.2, "host": "127.0.0.1"} | config)
        self.mqtt = Mqtt(config, "box", self.outbox, self.health, message_expiry_s=message_expiry_s)
        self.outbox.follow(self.mqtt.show_active)
        if start:
            self.mqtt.start()

    def wait_until_listening(self):
        """Until the broker has answered something that was said after the subscriptions."""
        wait_until(lambda: self.mqtt.say("ready", b""))
        wait_until(lambda: not len(self.mqtt._connection.under_way))

    def reasons(self):
        return " ".join(self.health.snapshot().reasons)

    def counter(self, name):
        return self.health.snapshot().counters.get(name, 0)

    def close(self):
        self.mqtt.stop(2)
        self.outbox.close()
