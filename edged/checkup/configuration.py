"""Check of the configuration: whether it can be used, and what of it somebody should know."""

import json
from collections.abc import Iterator

from edged.checkup.box import INSTALLED, Box
from edged.config import Fault, dotted
from edged.runtime.finding import Finding, Level
from edged.settings import Settings
from edged.settings_in_use import changed_keys

MOST_KEYS = 8
"""Named in one line."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def check(box: Box) -> Iterator[Finding]:
    """Its faults; where it has none, how it differs from the defaults, and what is unusual in it."""
    if box.faults:
        yield from (_fault(fault, box) for fault in box.faults)
        return
    if box.file is None:
        remedy = f"edged check --defaults | sudo tee {INSTALLED}   # and edit it"
        yield Finding(Level.WARNING, "file", "none is found: the defaults are used", remedy)
    else:
        yield Finding(Level.OK, "file", f"{box.file}: every key is known and every value can be used")
    keys = list(changed_keys(Settings().model_dump(), box.settings.model_dump()))
    yield Finding(Level.OK, "not as by default", _listed(keys))
    yield from _by_other_means(box)
    yield from _unusual(box.settings)


def _fault(fault: Fault, box: Box) -> Finding:
    where = f" ({fault.where}{f', line {fault.line}' if fault.line else ''})" if fault.where else ""
    found = Fault((), fault.problem)  # its text is fit for a terminal, whatever the file holds
    return Finding(
        Level.FAULT, dotted(fault.key) or "file", f"{found}{where}", f"edged check {box.file}   # after mending it"
    )


def _by_other_means(box: Box) -> Iterator[Finding]:
    """What counts though it does not stand in the file."""
    variables = sorted(name for name in box.environment if name.startswith("EDGED_") and "__" in name)
    if variables:
        found = f"{_listed(variables)}: set here, perhaps not for the service"
        yield Finding(Level.WARNING, "environment", found, "write them into the configuration")
    path = box.state / "changes.json"
    try:
        changes = json.loads(path.read_text(encoding="utf-8"))
        if changes:
            yield Finding(Level.OK, "changed by command", _listed(sorted(changes)))
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    except (OSError, ValueError, TypeError):
        found = f"{path} cannot be read: it is set aside at the next start, and the configuration counts alone"
        yield Finding(Level.WARNING, "changed by command", found, "give the commands anew")


def _unusual(settings: Settings) -> Iterator[Finding]:
    if not any(pipeline.enabled for pipeline in settings.pipelines.values()):
        yield Finding(Level.WARNING, "pipelines", "none is enabled: the box does nothing", "enable one")
    used = {pipeline.source for pipeline in settings.pipelines.values() if pipeline.enabled}
    if idle := [name for name in settings.sources if name not in used]:
        yield Finding(Level.OK, "sources", f"no pipeline that is enabled uses {_listed(idle)}")
    mqtt = settings.mqtt
    if not mqtt.enabled:
        yield Finding(Level.WARNING, "mqtt.enabled", "false: nobody hears of events", "enable it, if that is not meant")
    elif mqtt.username and not mqtt.tls.enabled and mqtt.host not in LOOPBACK:
        found = f"false: the password goes to {mqtt.host} in clear"
        yield Finding(Level.WARNING, "mqtt.tls.enabled", found, "use TLS: see config/mosquitto/README.md")
    if settings.log.level == "debug":
        yield Finding(Level.WARNING, "log.level", "debug: much is written to the disk", "set it to info")


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_KEYS
    return (", ".join(names[:MOST_KEYS]) or "nothing") + (f" and {more} more" if more > 0 else "")
