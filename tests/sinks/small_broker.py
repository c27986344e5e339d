"""A small broker that answers as it is told: with reason codes that no real one gives at will."""

import socket
import socketserver
import struct
import threading

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14
CHUNK = bytes(64 * 1024)


class SmallBroker:
    """Takes one packet after another; ``answer`` gives the reason code of each publication by its payload.

    ``welcome``: properties of its CONNACK, and ``grant``: the reason code of each subscription by its filter.
    """

    def __init__(self, answer=lambda payload: 0, *, newest=5, welcome=b"", grant=lambda topic_filter: 1):
        self.answer, self.newest, self.welcome, self.grant = answer, newest, welcome, grant
        self.levels, self.taken, self.publications = [], [], []
        """Protocol levels that were asked for (5, or 4 for 3.1.1); payloads that were answered with success; and
        (topic, properties, payload) of all that came."""
        self.subscribed = threading.Event()
        self._clients = []
        broker = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                while (packet := read_packet(self.request)) and broker.handle(self.request, *packet):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()

    def handle(self, client, kind, flags, body):
        """False: hang up."""
        if kind == CONNECT:
            self._clients.append(client)
            level = body[6]
            self.levels.append(level)
            client.sendall(self.connack(level))
            return level <= self.newest
        if kind == PUBLISH and flags & 6:
            return self.publication(client, body)
        if kind == SUBSCRIBE:
            client.sendall(self.suback(body))
            self.subscribed.set()
        if kind == PINGREQ:
            client.sendall(b"\xd0\x00")
        return kind != DISCONNECT

    def publication(self, client, body):
        length = struct.unpack(">H", body[:2])[0]
        topic, mid, rest = body[2 : 2 + length], body[2 + length : 4 + length], body[4 + length :]
        five = self.levels[-1] == 5
        begin = 1 + rest[0] if five else 0
        properties, payload = rest[:begin], rest[begin:]
        self.publications.append((topic.decode(), properties, payload))
        code = self.answer(payload) if b"/event/" in topic else 0
        if code is None:
            return False
        if not code and b"/event/" in topic:
            self.taken.append(payload)
        client.sendall(b"\x40\x03" + mid + bytes([code]) if code and five else b"\x40\x02" + mid)
        return True

    def connack(self, level):
        if level > self.newest:
            return b"\x20\x02\x00\x01"
        if level == 5:
            return bytes([0x20, 3 + len(self.welcome), 0, 0, len(self.welcome)]) + self.welcome
        return b"\x20\x02\x00\x00"

    def suback(self, body):
        five = self.levels[-1] == 5
        at, codes = 3 + body[2] if five else 2, []
        while at < len(body):
            length = struct.unpack(">H", body[at : at + 2])[0]
            codes.append(self.grant(body[at + 2 : at + 2 + length].decode()))
            at += 3 + length
        answer = body[:2] + b"\x00" * five + bytes(codes)
        return bytes([0x90, len(answer)]) + answer

    def send(self, packet):
        """Bytes, whatever they are, to whoever came last."""
        self._clients[-1].sendall(packet)

    def hang_up(self):
        """On whoever came last."""
        self._clients[-1].shutdown(socket.SHUT_RDWR)

    def send_long(self, topic, length):
        """A message (MQTT 3.1.1, QoS 1) with so many zeros."""
        head = struct.pack(">H", len(topic)) + topic.encode() + b"\x00\x07"
        self.send(b"\x32" + packed_length(len(head) + length) + head)
        for _ in range(length // len(CHUNK)):
            self.send(CHUNK)
        self.send(CHUNK[: length % len(CHUNK)])

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def message(topic, payload, *, five):
    """A PUBLISH packet with QoS 0."""
    body = struct.pack(">H", len(topic)) + topic.encode() + b"\x00" * five + payload
    return b"\x30" + packed_length(len(body)) + body


def packed_length(length):
    packed = b""
    while length > 127:
        packed += bytes([length % 128 | 128])
        length //= 128
    return packed + bytes([length])


def read_packet(client):
    try:
        first, length, shift = client.recv(1), 0, 0
        while first and (byte := client.recv(1)):
            length |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                break
        body = client.recv(length, socket.MSG_WAITALL) if first and length else b""
    except OSError:
        return None
    return (first[0] >> 4, first[0] & 15, body) if first else None
