"""Encryption: whom the box trusts, and how it shows who it is. Each on a real mosquitto."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from edged.messages.event import Phase
from edged.sinks.mqtt import MqttConfig, TlsConfig
from tests.broker import Listener, free_port, wait_until
from tests.events import an_event
from tests.sinks.mqtt_box import Box

DAY = timedelta(days=1)
LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))
UNCOLLECTED = "ignore::pytest.PytestUnraisableExceptionWarning"
"""paho leaves the socket of a handshake that failed to be collected."""


class Issued(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def files(self, folder, name):
        """PEM files."""
        cert, key = folder / f"{name}.pem", folder / f"{name}.key"
        cert.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return cert, key


def issue(name, *, by=None, of=LOOPBACK, expired=False):
    """A certificate of ``of``, by an authority or by itself."""
    now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (by.certificate.subject, by.key) if by else (subject, key)
    made = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now - DAY if expired else now + DAY)
        .add_extension(x509.SubjectAlternativeName([of]), False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), True)
        .sign(signer, hashes.SHA256())
    )
    return Issued(made, key)


def listener(folder, issued, more=""):
    """Settings of a listener with TLS, and its port."""
    port = free_port()
    cert, key = issued.files(folder, "broker")
    return port, f"allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\n{more}"


@pytest.fixture
def authority(tmp_path):
    """Who signs, and its certificate's file."""
    issued = issue("authority")
    return issued, issued.files(tmp_path, "authority")[0]


@pytest.mark.filterwarnings(UNCOLLECTED)
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"expired": True}, "certificate has expired"),
        ({"of": x509.DNSName("another.example")}, "IP address mismatch"),
        ({"by": issue("stranger")}, "unable to get local issuer certificate"),
    ],
    ids=["good", "expired", "of another host", "by a stranger"],
)
def test_a_broker_is_trusted_only_with_a_certificate_of_its_own_name(tmp_path, brokers, authority, changes, problem):
    """Valid now and signed by whom we trust; health says what is wrong with it, and events wait."""
    issuer, ca_file = authority
    port, settings = listener(tmp_path, issue("broker", **{"by": issuer} | changes))
    brokers(settings)
    box = Box(port, tls=TlsConfig(enabled=True, ca_file=ca_file))
    box.outbox(an_event())
    if problem:
        wait_until(lambda: f"its certificate is not trusted: {problem}" in box.reasons())
        assert len(box.outbox) == 1
    else:
        assert box.outbox.wait_until_empty(10)
    box.close()


def test_the_check_of_the_name_cannot_be_switched_off():
    """No setting does it."""
    for name in ("insecure", "verify", "check_hostname"):
        with pytest.raises(ValidationError):
            MqttConfig.model_validate({"tls": {"enabled": True, name: False}})


@pytest.mark.filterwarnings(UNCOLLECTED)
def test_a_box_shows_its_own_certificate_where_the_broker_wants_one(tmp_path, brokers, authority):
    """Mutual TLS; without one, or with a stranger's, the broker lets nobody in."""
    issuer, ca_file = authority
    more = f"cafile {ca_file}\nrequire_certificate true\nuse_identity_as_username true\n"
    port, settings = listener(tmp_path, issue("broker", by=issuer), more)
    brokers(settings)
    for by, trusted in ((issuer, True), (issue("stranger"), False)):
        certificate_file, key_file = issue("box", by=by).files(tmp_path, f"box-{trusted}")
        tls = TlsConfig(enabled=True, ca_file=ca_file, certificate_file=certificate_file, key_file=key_file)
        box = Box(port, tls=tls)
        box.outbox(an_event())
        if trusted:
            assert box.outbox.wait_until_empty(10)
        else:
            wait_until(lambda box=box: "127.0.0.1" in box.reasons() and "yet" not in box.reasons())
            assert len(box.outbox) == 1
        box.close()


@pytest.mark.parametrize("encrypted", [False, True])
def test_websockets_carry_the_same(tmp_path, brokers, authority, encrypted):
    """Through proxies that let nothing else pass; with TLS too."""
    issuer, ca_file = authority
    port, settings = listener(tmp_path, issue("broker", by=issuer), "protocol websockets\n")
    if not encrypted:
        settings = f"allow_anonymous true\nlistener {port} 127.0.0.1\nprotocol websockets\n"
    broker = brokers(settings)
    tls = TlsConfig(enabled=encrypted, ca_file=ca_file)
    box, heard = Box(port, transport="websockets", tls=tls, start=False), []
    box.mqtt.listen("edged/box/event/#", heard.append)
    box.mqtt.start()
    box.wait_until_listening()
    reader = Listener(broker.port)
    box.outbox(an_event(Phase.START))
    reader.wait_for(lambda it: it.on("event/drones"))
    wait_until(lambda: heard)
    box.close()
    reader.close()
