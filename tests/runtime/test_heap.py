"""Threads share the C library's arenas."""

import subprocess
import sys

import pytest

from edged.runtime.heap import ARENAS

PROGRAM = """
import ctypes, sys, threading
from edged.runtime.heap import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
library = ctypes.CDLL(None)
if not hasattr(library, "malloc_info"):
    sys.exit("no glibc")
library.malloc.restype = ctypes.c_void_p
begin = threading.Barrier(6)
def work():
    begin.wait()
    library.malloc(1000)
    begin.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
library.fdopen.restype = ctypes.c_void_p
library.malloc_info(0, ctypes.c_void_p(library.fdopen(1, b"w")))
library.fflush(None)
"""


def arenas(how):
    """In a program of six threads."""
    command = [sys.executable, "-c", PROGRAM, how]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if "no glibc" in found.stderr:
        pytest.skip("the C library is not glibc")
    assert found.returncode == 0, found.stderr
    return found.stdout.count("<heap nr=")


def test_threads_share_two_arenas():
    """Without it there are more, so that this test says something."""
    assert arenas("shared") <= ARENAS < arenas("each its own")
