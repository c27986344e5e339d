"""`edged models compile`: runs the compiler where it is, and says what to do where it is not."""

import os
import shutil
import stat

import pytest

from edged.cli import main
from edged.inference.catalogue import shipped_models
from edged.inference.files.card import Tensor, read_card
from edged.inference.files.signature import sign
from edged.inference.files.verify import read_verified
from tests.inference.keys import make_keys
from tests.inference.tflite import CORAL, NEED_DATA, SHIPPED, compiled, write_model

FAKE = """#!/bin/sh
# edgetpu_compiler -s -o DIR MODEL: a real one's work, done beforehand
[ "$1" = -s ] && [ "$2" = -o ] && [ -s "$4" ] || exit 9
echo "Edge TPU Compiler version 16.0.384591198"
{action}
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A copy of the shipped model among the box's own; and no compiler."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGED_MODELS__PATH", str(tmp_path / "models"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return shutil.copytree(shipped_models() / "drone_sound", tmp_path / "models" / "drone_sound")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a compiler on the PATH that does as told in shell."""

    def apply(action):
        program = tmp_path / "bin" / "edgetpu_compiler"
        program.parent.mkdir(exist_ok=True)
        program.write_text(FAKE.format(action=action))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.defpath}")

    return apply


@NEED_DATA
def test_a_model_is_compiled_and_put_on_its_card(own, install, tmp_path, capsys):
    """By a compiler that gives what the real one gave; the card keeps its text, and the model is verified on both."""
    name = "mobilenet_v1_0.25_128_quant"
    rgb = Tensor(name="rgb", shape=(1, 128, 128, 3), dtype="uint8", scale=0.0078125, zero_point=128)
    scores = Tensor(name="scores", shape=(1, 1001), dtype="uint8", scale=0.00390625)
    content, twin = CORAL / f"{name}.tflite", CORAL / f"{name}_edgetpu.tflite"
    folder = tmp_path / "models" / "images"
    write_model(folder, {"cpu": content.read_bytes()}, [rgb], [scores])
    before = (folder / "card.yaml").read_text().splitlines()
    install(f'cp {twin} "$3/cpu_edgetpu.tflite"')
    assert main(["models", "compile", "images"]) == 0
    assert capsys.readouterr().out == f"images: compiled, 801,454 bytes, {folder / 'cpu_edgetpu.tflite'}\n"
    lines = (folder / "card.yaml").read_text().splitlines()
    assert [line for line in lines if "edgetpu" not in line] == before
    assert read_verified(folder, read_card(folder), "edgetpu") == twin.read_bytes()
    assert main(["models", "compile", "images"]) == 78
    assert "has cpu_edgetpu.tflite for the Edge TPU; take files.edgetpu out of" in capsys.readouterr().err


def test_what_stays_on_the_cpu_and_a_void_signature_are_told(own, install, tmp_path, capsys):
    """The model runs, slowly; it is to be signed again."""
    sign(own, make_keys(tmp_path)[0])
    (tmp_path / "twin").write_bytes(compiled(SHIPPED))
    install(f'cp {tmp_path / "twin"} "$3/drone_sound_edgetpu.tflite"')
    assert main(["models", "compile", "drone_sound"]) == 0
    _, left, void = capsys.readouterr().out.splitlines()
    assert left == "drone_sound: 3 FULLY_CONNECTED, 1 MEAN stays on the CPU"
    assert void.startswith("drone_sound: its card has changed; `edged models sign drone_sound --key")


def test_without_the_compiler_it_says_what_to_do(own, capsys):
    """The packages, another system, and how to bring the file back."""
    assert main(["models", "compile", "drone_sound"]) == 78
    told = capsys.readouterr().err
    for part in (
        "edgetpu_compiler is not installed here.",
        "https://packages.cloud.google.com/apt coral-edgetpu-stable main",
        "sudo apt-get update && sudo apt-get install edgetpu-compiler",
        "docker run --rm -it",
        f"copy {own / 'drone_sound.tflite'} there, and\n  edgetpu_compiler -s drone_sound.tflite\n",
        "edged models compile drone_sound --compiled drone_sound_edgetpu.tflite",
    ):
        assert part in told


def test_a_file_that_was_compiled_elsewhere_is_taken(own, tmp_path, capsys):
    """Checked like one that was compiled here."""
    (tmp_path / "brought").write_bytes(SHIPPED)
    assert main(["models", "compile", "drone_sound", "--compiled", "brought"]) == 78
    assert "is not compiled for it" in capsys.readouterr().err
    assert main(["models", "compile", "drone_sound", "--compiled", "absent"]) == 78
    assert "absent cannot be read: No such file" in capsys.readouterr().err
    (tmp_path / "brought").write_bytes(compiled(SHIPPED))
    assert main(["models", "compile", "drone_sound", "--compiled", "brought"]) == 0
    assert read_verified(own, read_card(own), "edgetpu") == compiled(SHIPPED)


@pytest.mark.parametrize("action", ["echo 'Internal compiler error. Aborting!'; exit 1", "echo 'Invalid model'", ""])
def test_a_compiler_that_fails_has_the_last_word(own, install, capsys, action):
    """Its exit status is no guide: it writes a file or it does not."""
    install(action)
    assert main(["models", "compile", "drone_sound"]) == 78
    told = capsys.readouterr().err
    assert "edgetpu_compiler did not compile it; it said:\nEdge TPU Compiler version 16.0" in told
    assert action.partition("'")[2].partition("'")[0] in told
    assert "edgetpu" not in read_card(own).files
