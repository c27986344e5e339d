"""Compiler: a model's twin for the Edge TPU, made by Coral's ``edgetpu_compiler`` and put on the model's card."""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from edged.errors import ModelError
from edged.inference.files.card import Card, ModelFile
from edged.inference.files.graph import Graph, read_graph
from edged.inference.files.operators import mapping
from edged.inference.files.verify import LARGEST, check_graph, read_verified

PROGRAM = "edgetpu_compiler"
LIMIT_S = 600.0
"""The compiler gives up on one search for parts after 180 s of its own."""
_KEYRING = "/usr/share/keyrings/coral-edgetpu.gpg"
_HELP = f"""\
model {{name}}: {PROGRAM} is not installed here.{{here}}
On Debian or Ubuntu, x86-64:
  curl -fsSL https://packages.cloud.google.com/apt/doc/apt-key.gpg | sudo gpg --dearmor -o {_KEYRING}
  echo "deb [signed-by={_KEYRING}] https://packages.cloud.google.com/apt coral-edgetpu-stable main" |
    sudo tee /etc/apt/sources.list.d/coral-edgetpu.list
  sudo apt-get update && sudo apt-get install edgetpu-compiler
On another system, x86-64 too: the same as root in `docker run --rm -it -v "$PWD:/work" -w /work debian:12 bash`,
  after `apt-get update && apt-get install curl gpg sudo`.
Where that is not this box: copy {{path}} there, and
  {PROGRAM} -s {{path.name}}
then copy {{path.stem}}_edgetpu.tflite back, and here:
  edged models compile {{name}} --compiled {{path.stem}}_edgetpu.tflite"""


def source(folder: Path, card: Card) -> bytes:
    """What is to be compiled: the verified file for the CPU. ModelError where there is nothing to compile."""
    if "edgetpu" in card.files:
        raise ModelError(
            f"model {card.name}: has {card.files['edgetpu'].path} for the Edge TPU; "
            f"take files.edgetpu out of {folder / 'card.yaml'} to compile it again"
        )
    content = read_verified(folder, card, "cpu")
    found = mapping(read_graph(content, card.name))
    if all(one.reason for one in found):
        first = f"{found[0].operator} {found[0].reason}" if found else "it has none"
        raise ModelError(
            f"model {card.name}: the Edge TPU would take none of its operators ({first}); convert it to int8 first"
        )
    return content


def run(content: bytes, folder: Path, card: Card) -> bytes:
    """What the compiler makes of ``content``; ModelError with its last words where it makes nothing of it."""
    path = folder / card.files["cpu"].path
    program = shutil.which(PROGRAM)
    if program is None:
        machine = platform.machine()
        here = "" if machine == "x86_64" else f" It runs on x86-64 only, this is {machine}: use another machine."
        raise ModelError(_HELP.format(name=card.name, here=here, path=path))
    with tempfile.TemporaryDirectory(prefix="edged-compile-") as place:
        model = Path(place) / path.name
        model.write_bytes(content)
        said = _call([program, "-s", "-o", place, str(model)], card.name)
        made = model.with_name(f"{model.stem}_edgetpu.tflite")
        if not made.is_file():
            raise ModelError(f"model {card.name}: {PROGRAM} did not compile it; it said:\n{said}")
        return read(made, card)


def read(path: Path, card: Card) -> bytes:
    """A compiled file that is not on the card yet."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise ModelError(f"model {card.name}: {path} cannot be read: {error.strerror}") from None


def add(content: bytes, folder: Path, card: Card) -> tuple[Path, Graph]:
    """Put the compiled ``content`` beside the model's file for the CPU and on its card; returns where, and what it is.

    ModelError where it is no compiled twin of the model, or cannot be written.
    """
    graph = read_graph(content, card.name)
    check_graph(graph, card, "edgetpu")
    path = folder / f"{Path(card.files['cpu'].path).stem}_edgetpu.tflite"
    file = ModelFile(path=path.name, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    try:
        text = with_file((folder / "card.yaml").read_text(encoding="utf-8"), "edgetpu", file)
        _write(path, content)  # first, so that the card never names what is not there
        _write(folder / "card.yaml", text.encode())
    except OSError as error:
        raise ModelError(
            f"model {card.name}: {error.filename} cannot be written: {error.strerror}; "
            "do it as the folder's owner, or copy the model to models.path first"
        ) from None
    return path, graph


def with_file(text: str, role: str, file: ModelFile) -> str:
    """The text of a card with one more file, all else as it was, comments too."""
    root: Any = yaml.compose(text, yaml.SafeLoader)
    files = next(value for key, value in root.value if key.value == "files")
    first = files.value[0][0].start_mark
    entry = f"{role}: {{path: {file.path}, sha256: '{file.sha256}', size: {file.size}}}"
    after = ", " if files.flow_style else "\n" + " " * first.column
    return text[: first.index] + entry + after + text[first.index :]


def _call(command: list[str], name: str) -> str:
    """The last lines of what the command says."""
    try:
        done = subprocess.run(  # noqa: S603  # the program of that name, on a path that we made
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"model {name}: {command[0]} took longer than {LIMIT_S:.0f} s; use a smaller model") from None
    except OSError as error:
        raise ModelError(f"model {name}: {command[0]} cannot be run: {error.strerror}; install it again") from None
    return "\n".join(done.stdout.decode(errors="replace").splitlines()[-10:])


def _write(path: Path, content: bytes) -> None:
    """Write it whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
