import signal
import threading
import time

from edged.runtime.stop_flag import StopFlag


def test_a_handler_wakes_the_thread_that_it_interrupts():
    """However often and at whatever moment it comes: nobody waits for a lock that they hold themselves."""
    for _ in range(200):
        flag = StopFlag()
        signal.signal(signal.SIGALRM, lambda *_, flag=flag: flag.set())
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while not flag.wait(0.0002):
            pass
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def test_another_thread_wakes_it_too():
    """Before or while it waits."""
    flag = StopFlag()
    assert not flag.wait(0.0)
    threading.Timer(0.05, flag.set).start()
    began_s = time.monotonic()
    assert flag.wait(10.0)
    assert time.monotonic() - began_s < 5
    assert flag.is_set()
    assert flag.wait(10.0)
