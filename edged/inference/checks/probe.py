"""What is asked about libedgetpu and an interpreter in a process of its own, because the answer may be a crash.

Run as a script, ``python -I probe.py ACTION ARGUMENT…``, by the interpreter that is asked about; so it imports
nothing of ours and needs Python 3.9 or later. It prints one line of JSON; where it cannot, it raises.
"""

import ctypes
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGES = ("ai-edge-litert", "tflite-runtime", "pycoral", "numpy")


def packages() -> dict[str, Any]:
    """This interpreter's version, the versions of what is installed beside it, and whose the package pycoral is."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    spec = importlib.util.find_spec("pycoral")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    google = any(Path(folder, "utils", "edgetpu.py").exists() for folder in folders)
    return {"python": ".".join(map(str, sys.version_info[:3])), "versions": versions, "google_pycoral": google}


def library(name: str) -> dict[str, Any]:
    """Where the loader finds the library, and what it says of its version; OSError where it cannot be loaded."""
    loaded = ctypes.CDLL(name)
    version = None
    if hasattr(loaded, "edgetpu_version"):
        loaded.edgetpu_version.restype = ctypes.c_char_p
        version = loaded.edgetpu_version().decode(errors="replace")
    delegate = hasattr(loaded, "tflite_plugin_create_delegate")
    return {"path": path_of(name), "version": version, "delegate": delegate}


def path_of(name: str) -> str:
    """The file of a library that this process has loaded; its name where the kernel does not show it."""
    if "/" in name:
        return str(Path(name).resolve())
    stem = "/" + name.partition(".so")[0]
    lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line[line.index("/") :] for line in lines if stem in line), name)


def opened(name: str, options: str) -> dict[str, Any]:
    """Open a device and close it again, by the calls that a runtime's load_delegate makes; ``options`` are JSON."""
    loaded = ctypes.CDLL(name)
    reasons: list[str] = []
    handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
    on_error = handler(lambda text: reasons.append(text.decode(errors="replace")))
    pairs = [(key.encode(), value.encode()) for key, value in json.loads(options).items()]
    texts = ctypes.c_char_p * len(pairs)
    keys, values = texts(*(key for key, _ in pairs)), texts(*(value for _, value in pairs))
    create, destroy = loaded.tflite_plugin_create_delegate, loaded.tflite_plugin_destroy_delegate
    create.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, handler]
    create.restype = ctypes.c_void_p
    destroy.argtypes = [ctypes.c_void_p]
    delegate = create(keys, values, len(pairs), on_error)
    if delegate:
        destroy(delegate)
    return {"opened": bool(delegate), "reasons": reasons}


ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {"packages": packages, "library": library, "open": opened}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACTIONS[sys.argv[1]](*sys.argv[2:])) + "\n")
