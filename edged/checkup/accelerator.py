"""Check of the accelerator."""

from collections.abc import Iterator

from edged.checkup.box import Box
from edged.inference.checks.accelerator import AcceleratorCheck, check_accelerator
from edged.runtime.finding import Finding


def check(box: Box) -> Iterator[Finding]:
    """The Edge TPU, its library and the TFLite runtimes."""
    return check_accelerator(AcceleratorCheck(box.settings.accelerator.edgetpu))
