"""Two microphones without hardware, each with a sound server of its own; one process may listen to both."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.virtual_microphone import VirtualMicrophone


class TwoMicrophones:
    """`field` stays plugged in; `gate` comes and goes. A process that listens to them is started with ``env``."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.field, self.gate = (stack.enter_context(VirtualMicrophone()) for _ in range(2))
        self.env = self.field.env
        self.plug_in("gate_1")

    def plug_in(self, *gates: str) -> None:
        """The devices of the machine from now on, in this order: the names that `gate` has, and `field`."""
        devices = [*((name, self.gate) for name in gates), ("field", self.field)]
        pcm = (f'pcm.{name} {{ type pulse; server "{it.env["PULSE_SERVER"]}"; device "vmic" }}' for name, it in devices)
        (self.field.folder / ".asoundrc").write_text("\n".join(pcm) + "\n")

    def pull_out(self) -> None:
        """`gate` is gone, and so is its name."""
        self.gate.kill()
        self.plug_in()

    def plug_in_elsewhere(self, *gates: str) -> None:
        """It is back at another port, where nobody finds it who looks at the old one, with these names."""
        self.gate = self._stack.enter_context(VirtualMicrophone())
        self.plug_in(*gates)


@contextmanager
def two_microphones() -> Iterator[TwoMicrophones]:
    """Both are there; nothing is played yet."""
    with ExitStack() as stack:
        yield TwoMicrophones(stack)
