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


def test_a_handler_that_lasts_longer_than_the_wait_does_not_make_it_endless():
    """A box on a busy machine took up its configuration, and then did nothing more until its watchdog ended it."""
    flag = StopFlag()
    signal.signal(signal.SIGALRM, lambda *_: time.sleep(0.1))
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    threading.Timer(5.0, flag.set).start()
    began_s = time.monotonic()
    assert not flag.wait(0.06)
    assert time.monotonic() - began_s < 5
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
