"""Remedies: what a person can do about a part that tells none of its own."""

import re
from typing import NamedTuple


class _Remedy(NamedTuple):
    part: str
    """Begins the part's name."""
    words: str
    """A pattern in the reason, in any case."""
    remedy: str


DOCTOR = "see what `edged doctor` says of it, and the log: `journalctl -u edged`"
"""Where nothing better is known."""

_REMEDIES = tuple(
    _Remedy(*one)
    for one in (
        ("sources.", "flaps", "look for a loose plug, a weak power supply, a USB hub without its own, a bad network"),
        ("sources.", "silent", "unmute it (`alsamixer`), plug the microphone in, or name another one in its `device`"),
        ("sources.", "clipping", "turn its gain down (`alsamixer`), or move it away from what is loud"),
        ("sources.", "offset", "try another microphone, cable or sound card: this one is faulty"),
        ("sources.", "not finite", "try another sound card or driver: this one gives what is no sound"),
        ("sources.", "dark|overexposed", "light the scene, or point the camera elsewhere"),
        ("sources.", "covered", "clean the lens, and take away what is before it"),
        ("sources.", "frozen|does not change", "restart the camera; where that helps, update its firmware"),
        ("sources.", r"\brate", "try another USB port or sound card, or set its `rate_hz`"),
        (
            "sources.",
            "denied|permission",
            "let the service's user at it: `sudo usermod -aG audio,video edged`, then restart",
        ),
        ("sources.", "", "plug it in and see that it has power; edged opens it by itself"),
        (
            "pipelines.",
            "stays off",
            "mend what its reason names, then `restart` it; report it with `edged support-bundle`",
        ),
        ("pipelines.", "stuck|loses items|unsteady", "report it with `edged support-bundle`"),
        ("watchdog", "", "edged starts anew by itself; report the stack in `journalctl -u edged`"),
        (
            "pipelines.",
            "in a row",
            "report it with `edged support-bundle`; it is begun anew, up to 3 times in 10 minutes",
        ),
        ("accelerators.", "plugged", "plug it in"),
        (
            "accelerators.",
            "",
            "`edged doctor` names the fault; a USB one may need a better supply, another port, a replug",
        ),
        (
            "models.",
            "unlike training",
            "listen to a clip: is there something new about the place, or is the microphone bad?",
        ),
        ("models.", "shadow", "see the log; the model in use is not touched"),
        ("sinks.mqtt", "not auth|bad user|password", "put the broker's user name and password file right (`mqtt`)"),
        ("sinks.mqtt", "certificate|tls|ssl", "put `mqtt.tls` right: see `edged doctor`"),
        ("sinks.mqtt", "another box", "give each box a name of its own (`device`)"),
        ("sinks.mqtt", "", "see that the broker runs and the network reaches it; nothing is lost meanwhile"),
        ("outbox", "full|space|least", "make room on the disk"),
        ("outbox", "read-only", "see `dmesg`: a card that has become read-only is worn out, change it"),
        ("clips", "", "make room on the disk, or set `clips.max_bytes` lower"),
        ("gallery", "upkeep", "make room for backups of the gallery, and let the service's user write there"),
        ("settings", "^needs a restart", "`sudo systemctl restart edged`, or set it back in the file"),
        ("settings", "", "mend the file, `edged check` it, and `systemctl reload edged`"),
        ("machine.disk", "", "delete what is not edged's, or set `clips.max_bytes` lower"),
        ("machine.heat", "", "shade it, or give it a heat sink or a fan"),
        ("machine.power", "", "use the supply that came with the board, and a shorter cable"),
        ("machine.clock", "", "see that the network reaches a time server: `timedatectl status`"),
    )
)


def remedy(part: str, reason: str) -> str:
    """What a person can do about ``reason`` in the health of ``part``."""
    fitting = (
        one.remedy
        for one in _REMEDIES
        if part.startswith(one.part) and re.search(one.words, reason, re.IGNORECASE) is not None
    )
    return next(fitting, DOCTOR)
