"""``edged support-bundle``: what a maintainer needs to know of this box, in one file."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli.arguments import add_config
from edged.cli.terminal import complain

if TYPE_CHECKING:
    from edged.checkup.box import Box
    from edged.support.known import Known

CONTENTS = {
    "README.txt": "what was removed, and what was left out",
    "doctor.json": "what `edged doctor` finds",
    "versions.txt": "edged, Python and every package",
    "machine.txt": "the machine, its processor, memory, disk and load",
    "settings.yaml": "the settings, without user names and secrets",
    "status.json": "what the running edged says of itself, and its last warnings",
    "counts.json": "how many rows the gallery and the outbox have",
    "unit.txt": "the unit as it is installed",
    "kernel.txt": "the kernel's lines about USB, SD card, power and memory",
    "journal.txt": "the last 2000 lines of edged's journal",
}


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "support-bundle",
        help="pack what a maintainer needs, without secrets and people",
        description="Write one tar.gz, mode 0600, that says how this box is and was. Passwords, keys, names of people, "
        "pictures and events are taken out of it. It is sent nowhere: look at it, then send it yourself. "
        "`sudo edged support-bundle` sees the most.",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: edged-support-<time>.tar.gz here")
    parser.add_argument("--hide-addresses", action="store_true", help="take out IP addresses too")
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Collect, redact, write; tell what is in it."""
    from edged.checkup.box import look_at
    from edged.support.bundle import check_place, write
    from edged.support.collect import made_at

    box = look_at(options.config)
    path = options.file or Path(f"edged-support-{made_at()}.tar.gz")
    check_place(path)
    files = redacted_files(box, hide_addresses=options.hide_addresses)
    write(path, files)
    for name, text in files.items():
        sys.stdout.write(f"  {name:<14} {len(text.encode()) / 1e3:7.1f} kB  {CONTENTS[name]}\n")
    sys.stdout.write(
        f"{path}: look at it before you hand it on (`tar -xzOf {path} | less`). Nothing was sent anywhere.\n"
    )
    if "journal.txt" not in files:
        complain("the journal is left out, since names of people could not be looked for in it; try it with sudo")
    return 0


def redacted_files(box: "Box", *, hide_addresses: bool) -> dict[str, str]:
    """By name: the texts that go into the bundle."""
    import logging
    from dataclasses import asdict

    from edged.checkup.table import CHECKS
    from edged.cli.doctor import examine
    from edged.support.collect import collect
    from edged.support.known import known
    from edged.support.redactor import Redactor

    logging.getLogger("edged").addHandler(logging.NullHandler())  # what is found is told as a finding
    what = known(box)
    redact = Redactor(what.secrets, what.names or (), addresses=hide_addresses)
    found = examine(box, list(CHECKS))
    doctor = {name: [asdict(finding) for finding in findings] for name, findings in found.items()}
    texts = {"README.txt": _readme(what), **collect(box, doctor, with_logs=what.names is not None)}
    return {name: _text(name, redact.value(content)) for name, content in texts.items()}


def _text(name: str, content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n" if name.endswith(".json") else str(content)


def _readme(what: "Known") -> str:
    lines = [
        "A bundle of `edged support-bundle`: how a box is and was. It was made on the box and sent nowhere.",
        "Taken out of every file: secrets of the settings, in every form in which they may stand; names of the people",
        "in the gallery; labels of events about somebody; whatever looks like a password, a key, a picture or an",
        "embedding.",
        "Never put in: events, pictures, sounds, embeddings, notes, user names, site and location.",
    ]
    if what.names is None:
        lines.append("Left out, as names could not be looked for: journal, warnings, labels in the settings.")
    if what.unread:
        lines.append(f"Could not be read, and so were not looked for: {', '.join(what.unread)}.")
    return "\n".join(lines) + "\n"
