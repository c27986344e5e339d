"""Threads share the C library's arenas; what is free is given back."""

import ctypes
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


UNTIDY = """
import gc, sys
from edged.runtime.heap import TIDY_S, Tidy, settle
from edged.runtime.machine import resident_bytes

class Circle:
    def __init__(self):
        self.own, self.content = self, bytes(600)

now_s = 0.0
tidy = Tidy(lambda: now_s)
settle()
gc.disable()
kept = []
for number in range(100_000):
    circle = Circle()
    if number % 100 == 0:
        kept.append(circle)
full = resident_bytes()
for now_s in (TIDY_S - 1, TIDY_S):
    tidy.tick()
    print(full - resident_bytes())
print(gc.get_freeze_count())
"""


def test_what_is_free_is_given_back_every_half_minute():
    """Garbage that holds itself, and the pages of the C library between what is still in use."""
    found = subprocess.run([sys.executable, "-c", UNTIDY], capture_output=True, text=True, check=True)
    before, given_back, frozen = map(int, found.stdout.split())
    assert before < 1_000_000
    assert given_back > 40_000_000 or not hasattr(ctypes.CDLL(None), "malloc_trim")
    assert frozen > 1000
