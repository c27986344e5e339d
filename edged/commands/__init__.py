"""Commands: what is asked of the box over MQTT, examined before anything is done. Knows who may ask, not what it means.

A desk takes each message on the broker's thread, where it costs next to nothing, and hands what passes to a thread of
its own, which reads it, asks the handler of its name, answers and keeps an audit log.
"""

from edged.commands.audit import Audit, audit_folder
from edged.commands.clerk import Handler, Respond
from edged.commands.config import CommandsConfig
from edged.commands.desk import Desk
from edged.commands.errors import CommandError

__all__ = ["Audit", "CommandError", "CommandsConfig", "Desk", "Handler", "Respond", "audit_folder"]
