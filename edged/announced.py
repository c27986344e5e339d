"""Announced: tells Home Assistant of the box, where and whether the configuration has it now."""

from collections.abc import Callable

from edged.home_assistant.announcer import Announcer, Heard
from edged.home_assistant.box import Box
from edged.home_assistant.config import HomeAssistantConfig
from edged.sinks.mqtt import Mqtt


class Announced:
    """Has one announcer at a time."""

    def __init__(self, config: HomeAssistantConfig, device: str, mqtt: Mqtt, box: Callable[[], Box]) -> None:
        """Before ``mqtt`` starts."""
        self._config, self._device, self._mqtt, self._box = config, device, mqtt, box
        self._listened: list[str] = []
        self._announcer = self._make(config)
        mqtt.on_connected(lambda: self._announcer.connected())  # noqa: PLW0108  # another one later

    def refresh(self) -> None:
        """The box has got something, or has something no longer."""
        self._announcer.refresh()

    def tick(self) -> None:
        """Called every second."""
        self._announcer.tick()

    def use(self, config: HomeAssistantConfig) -> None:
        """From now on announce it so. What the broker holds there is learnt from it at a connection, which is new."""
        if config.topic(self._device) != self._config.topic(self._device):
            self._announcer.withdraw()
        self._mqtt.forget(self._listened)
        self._listened.clear()
        self._config, self._announcer = config, self._make(config)
        self._mqtt.connect_anew()

    def _make(self, config: HomeAssistantConfig) -> Announcer:
        return Announcer(config, self._device, self._box, self._listen, self._mqtt.retain_at)

    def _listen(self, topic_filter: str, handler: Callable[[Heard], None]) -> None:
        self._listened.append(topic_filter)
        self._mqtt.listen(topic_filter, handler)
