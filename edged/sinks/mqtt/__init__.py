"""Mqtt: publishes events and the box's own state on an MQTT broker."""

from edged.sinks.mqtt.config import BrokerConfig, MqttConfig, TlsConfig, read_secret, tls_context
from edged.sinks.mqtt.sender import Mqtt

__all__ = ["BrokerConfig", "Mqtt", "MqttConfig", "TlsConfig", "read_secret", "tls_context"]
