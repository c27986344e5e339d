"""A broker of forty lines that answers as it is told: with reason codes that no real one gives at will."""

import socket
import socketserver
import struct
import threading

CONNECT, PUBLISH, PINGREQ, DISCONNECT = 1, 3, 12, 14


class SmallBroker:
    """Takes one packet after another; ``answer`` gives the reason code of each publication by its payload."""

    def __init__(self, answer=lambda payload: 0, *, newest=5):
        self.answer, self.newest = answer, newest
        self.levels, self.taken = [], []
        """Protocol levels that were asked for (5, or 4 for 3.1.1); payloads that were answered with success."""
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
            level = body[6]
            self.levels.append(level)
            client.sendall(connack(level, self.newest))
            return level <= self.newest
        if kind == PUBLISH and flags & 6:
            return self.publication(client, body)
        if kind == PINGREQ:
            client.sendall(b"\xd0\x00")
        return kind != DISCONNECT

    def publication(self, client, body):
        length = struct.unpack(">H", body[:2])[0]
        topic, mid = body[2 : 2 + length], body[2 + length : 4 + length]
        five = self.levels[-1] == 5
        payload = body[4 + length + five :]
        code = self.answer(payload) if b"/event/" in topic else 0
        if code is None:
            return False
        if not code and b"/event/" in topic:
            self.taken.append(payload)
        client.sendall(b"\x40\x03" + mid + bytes([code]) if code and five else b"\x40\x02" + mid)
        return True

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def connack(level, newest):
    if level <= newest:
        return b"\x20\x03\x00\x00\x00" if level == 5 else b"\x20\x02\x00\x00"
    return b"\x20\x02\x00\x01"


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
