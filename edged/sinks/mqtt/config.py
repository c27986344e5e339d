"""Which brokers, and how to be let in."""

import ssl
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from edged.config import SecretFile, Section
from edged.errors import ConfigError


class TlsConfig(Section):
    """Encryption; the broker's name is always checked against its certificate."""

    enabled: bool = False
    """Use TLS 1.2 or later."""
    ca_file: Path | None = None
    """Certificates to trust; null: the system's."""
    certificate_file: Path | None = None
    """The box's own certificate, for mutual TLS."""
    key_file: SecretFile | None = None
    """The key to that certificate."""


class BrokerConfig(Section):
    """Another broker."""

    host: str = Field(min_length=1)
    """The broker's name or address."""
    port: int = Field(1883, ge=1, le=65535)
    """Its port; 8883 is usual with TLS."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class MqttConfig(Section):
    """The broker. MQTT 5 where it speaks that, else 3.1.1."""

    enabled: bool = True
    """Publish over MQTT."""
    host: str = Field("localhost", min_length=1)
    """The broker's name or address."""
    port: int = Field(1883, ge=1, le=65535)
    """Its port; 8883 is usual with TLS."""
    fallbacks: list[BrokerConfig] = Field([], max_length=8)
    """Tried in this order when the broker above cannot be had; same user, TLS and transport."""
    transport: Literal["tcp", "websockets"] = "tcp"
    """`websockets` where a proxy lets nothing else through."""
    websocket_path: str = Field("/mqtt", pattern=r"^/[!-~]*$")
    """Path at the broker, for `websockets`."""
    base_topic: str = Field("edged", pattern=r"^[a-z0-9_-]{1,40}(/[a-z0-9_-]{1,40})*$")
    """Topics begin with this and the device's name; may put a site in front (`farm/edged`)."""
    username: str | None = None
    """User name at the broker."""
    password_file: SecretFile | None = None
    """File that holds the password and nothing else; may begin with ${CREDENTIALS_DIRECTORY}/ under systemd."""
    keepalive_s: int = Field(10, ge=1, le=3600)
    """A broker that froze, or a box that vanished, is noticed after about 1.5 times this."""
    reconnect_max_s: float = Field(30.0, ge=0.1, le=3600)
    """Longest pause between tries; each is a random part of one that doubles from 1 s up to this."""
    tls: TlsConfig = TlsConfig()

    @model_validator(mode="after")
    def _password_needs_a_user(self) -> "MqttConfig":
        if self.password_file and not self.username:
            raise ValueError("username is missing: password_file is only used with one")
        return self

    @property
    def brokers(self) -> list[BrokerConfig]:
        """All, in order."""
        return [BrokerConfig(host=self.host, port=self.port), *self.fallbacks]


def read_secret(path: Path) -> str:
    """The secret in a file, without the line's end; ConfigError names the file, never its content."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError(
            f"mqtt.password_file: {path}: {reason}; write the password to it, readable by edged"
        ) from None


def tls_context(config: TlsConfig) -> ssl.SSLContext:
    """TLS 1.2 or later with the server's name checked; ConfigError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(config.ca_file) if config.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if config.certificate_file:
            context.load_cert_chain(config.certificate_file, config.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mqtt.tls: {error}; name PEM files that edged may read") from None
    return context
