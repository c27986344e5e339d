"""Mqtt: publishes events and the box's own state on an MQTT broker, and hears what is asked of it."""

from edged.sinks.mqtt.arrived import Arrived, Handler
from edged.sinks.mqtt.config import BrokerConfig, MqttConfig, TlsConfig, read_secret, tls_context
from edged.sinks.mqtt.sender import Mqtt

__all__ = ["Arrived", "BrokerConfig", "Handler", "Mqtt", "MqttConfig", "TlsConfig", "read_secret", "tls_context"]
