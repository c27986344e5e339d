"""A stand-in for libedgetpu and its device, which a test breaks and mends while it runs; and models compiled for it."""

import functools
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import flatbuffers
import numpy as np
import yaml
from ai_edge_litert import schema_py_generated as schema

from edged.inference.files.graph import GraphTensor, read_graph

SOURCE = Path(__file__).with_name("stub_delegate.c")
DATA = Path(__file__).parents[4] / "shared" / "data"


@functools.cache
def library() -> Path:
    """The stand-in's shared library, built once a run."""
    built = Path(tempfile.mkdtemp(prefix="edged-stand-in-")) / "libstandin.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", SOURCE, "-o", built]
    subprocess.run(command, check=True)
    return built


class StandIn:
    """One device. ``fault(invoke="hang")`` breaks it, ``heal()`` mends it; see stub_delegate.c for what can be told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._control, self._log, self._answers = folder / "control", folder / "log", folder / "answers"
        self._answers.touch()
        self.library = library()
        self.options = {"control": str(self._control), "log": str(self._log), "answers": str(self._answers)}
        self.heal()

    def fault(self, **lines: object) -> None:
        new = self._control.with_suffix(".new")
        new.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        new.rename(self._control)

    def heal(self) -> None:
        self.fault()

    def invocations(self) -> str:
        """A letter for each inference: A is the model that was loaded first, and so on."""
        return self._log.read_text() if self._log.exists() else ""

    def knows(self, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> None:
        """A compiled model shall answer ``inputs`` so."""
        answer = b"".join(array.tobytes() for array in outputs)
        with self._answers.open("ab") as file:
            file.write(struct.pack("<QI", fnv1a(b"".join(array.tobytes() for array in inputs)), len(answer)) + answer)


def fnv1a(content: bytes) -> int:
    value = 14695981039346656037
    for byte in content:
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


def compiled(content: bytes) -> bytes:
    """A model as if compiled: each output goes through an edgetpu-custom-op, which the stand-in makes a copy."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graph = model.subgraphs[0]
    code = schema.OperatorCodeT()
    code.deprecatedBuiltinCode = code.builtinCode = schema.BuiltinOperator.CUSTOM
    code.customCode, code.version = b"edgetpu-custom-op", 1
    model.operatorCodes.append(code)
    graph.outputs = list(graph.outputs)
    for place, output in sorted(enumerate(graph.outputs), key=lambda pair: pair[1]):  # as the runtime sorts them
        tensor = schema.TensorT()
        original = graph.tensors[output]
        tensor.shape, tensor.type, tensor.quantization = original.shape, original.type, original.quantization
        tensor.name, tensor.buffer, tensor.shapeSignature = original.name + b"_tpu", 0, original.shapeSignature
        graph.tensors.append(tensor)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [output], [len(graph.tensors) - 1]
        operator.customOptions = np.frombuffer(b"stand-in", np.uint8)
        graph.operators.append(operator)
        graph.outputs[place] = len(graph.tensors) - 1
    model.signatureDefs = None
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def add_twin(folder: Path, content: bytes | None = None) -> Path:
    """Give the model in ``folder`` a compiled twin."""
    card = yaml.safe_load((folder / "card.yaml").read_text())
    content = content or compiled((folder / card["files"]["cpu"]["path"]).read_bytes())
    (folder / "twin_edgetpu.tflite").write_bytes(content)
    card["files"]["edgetpu"] = {"path": "twin_edgetpu.tflite", "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    return folder


def copy_model(source: Path, target: Path, name: str | None = None) -> Path:
    """A copy of a model's folder, renamed."""
    shutil.copytree(source, target)
    if name:
        card = yaml.safe_load((target / "card.yaml").read_text()) | {"name": name}
        (target / "card.yaml").write_text(yaml.safe_dump(card))
    return target


def real_model(folder: Path, name: str) -> Path:
    """One of Coral's own models with its compiled twin, under a card written from its file."""
    models = DATA / "google-coral__test_data" / "models"
    files = {"cpu": f"{name}.tflite", "edgetpu": f"{name}_edgetpu.tflite"}
    folder.mkdir(parents=True)
    for file in files.values():
        shutil.copy(models / file, folder)
    graph = read_graph((folder / files["cpu"]).read_bytes(), name)
    card = {
        "name": name.replace(".", "_"),
        "version": "1",
        "task": "fixture",
        "licence": "Apache-2.0",
        "source": "google-coral/test_data",
        "labels": [],
        "files": {
            role: {"path": file, "sha256": hashlib.sha256((folder / file).read_bytes()).hexdigest()}
            for role, file in files.items()
        },
        "inputs": [_tensor(graph.tensors[index]) for index in graph.inputs],
        "outputs": [_tensor(graph.tensors[index]) for index in graph.outputs],
    }
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    return folder


def _tensor(tensor: GraphTensor) -> dict[str, object]:
    return {
        "name": tensor.name.replace("/", "_"),
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "scale": float(tensor.scale),
        "zero_point": int(tensor.zero_point),
    }


def host_pids() -> list[int]:
    """The host processes that are children of ours."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and b"edgetpu/host.py" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
