"""Has a stage of the real, installed edged hang when it is told to: nothing of edged is replaced.

Where this folder is in ``PYTHONPATH``, the next call of a stage after the file ``$HANG_ONCE`` has appeared never
returns. The file is gone then, so that whatever is started next is well.
"""

import os
import sys
import threading
from pathlib import Path

FILE = Path(os.environ.get("HANG_ONCE", "/none"))
STAGES = "/edged/stages/"


def watch(frame, event, _):
    """Python calls this on each thread that begins from now on, at each call of a function; others soon no longer."""
    if not threading.current_thread().name.startswith("pipeline-"):
        sys.setprofile(None)
    elif event == "call" and frame.f_code.co_name == "__call__" and STAGES in frame.f_code.co_filename and told():
        hang_for_ever()


def told():
    """Once."""
    try:
        FILE.unlink()
    except OSError:
        return False
    return True


def hang_for_ever():
    threading.Event().wait()


threading.setprofile(watch)
