"""Who is at the other end of the control socket, and whether they may ask."""

import grp
import os
import pwd
import socket
import struct

from edged.control.protocol import Peer


def peer_of(stream: socket.socket) -> Peer:
    """Who is at the other end: SO_PEERCRED, see unix(7)."""
    pid, uid, gid = struct.unpack("3i", stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Peer(uid, gid, pid)


def may_ask(peer: Peer, own_uid: int, group: int | None) -> bool:
    """Root, the user that edged runs as, and the members of ``group`` (its id; None: there is no such group)."""
    return peer.uid in {0, own_uid} or group in _groups(peer)


def group_id(name: str) -> int | None:
    """The id of the group of that name; None where there is none."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _groups(peer: Peer) -> set[int]:
    try:
        return {peer.gid, *os.getgrouplist(pwd.getpwuid(peer.uid).pw_name, peer.gid)}
    except KeyError:
        return {peer.gid}
