"""A desk with clocks that a test sets, and handlers that carry nothing out but remember what they were asked."""

import json
import queue

from edged.commands import Audit, CommandError, CommandsConfig, Desk
from edged.messages.requests import REQUESTS, ResponseMessage
from edged.messages.wire import Message, rfc3339
from edged.runtime.health import Health

EVERYTHING = dict.fromkeys(REQUESTS, True)
NOW_S = 1_763_000_000.0
EVENT = "01JD7Y0000000000000000000E"
ARGUMENTS = {
    "restart": {"part": "drones"},
    "set": {"pipeline": "drones", "threshold": 0.6},
    "models": {"action": "use", "pipeline": "drones", "model": "drone_sound"},
    "people": {"action": "rename", "person": EVENT, "name": "Ana"},
    "clip": {"event": EVENT},
    "feedback": {"event": EVENT, "verdict": "false_alarm", "label": "lawn_mower"},
}
"""What makes a request of each command whole."""


class Pong(Message):
    """What the handler of ``ping`` gives."""

    pong: bool = True


class DeskBox:
    """A desk in ``folder``."""

    def __init__(self, folder, **config):
        self.now_s, self.unix_s = 100.0, NOW_S
        self.done, self.answers = [], queue.Queue()
        self.health = Health().part("commands")
        self.audit = Audit(folder, self.health)
        self.handlers = {name: self._handler(name) for name in REQUESTS} | {"ping": self._ping}
        self.desk = Desk(
            CommandsConfig(**config),
            self.handlers,
            lambda command, response: self.answers.put((command, response)),
            self.audit,
            self.health,
            lambda: self.now_s,
            lambda: self.unix_s,
        )
        self.desk.start()

    def pass_s(self, seconds):
        self.now_s += seconds
        self.unix_s += seconds

    def take(self, command, payload, *, retained=False):
        self.desk.take(command, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), retained)

    def answer(self):
        """The next answer: command and response."""
        command, response = self.answers.get(timeout=10)
        assert ResponseMessage.model_validate_json(response.payload()) == response
        return command, response

    def ask(self, command, transaction="t1", *, retained=False, **fields):
        """The answer to a whole request, asked now; ``fields`` replace what it has."""
        whole = {"transaction": transaction, "at": rfc3339(self.unix_s), **ARGUMENTS.get(command, {}), **fields}
        return self.send(command, whole, retained=retained)

    def send(self, command, payload, *, retained=False):
        """The answer to whatever this is."""
        self.take(command, payload, retained=retained)
        answered, response = self.answer()
        assert answered == command
        return response

    def answers_until(self, transaction):
        """What was answered before that ping, which passes at once."""
        self.pass_s(3600)
        self.take("ping", {"transaction": transaction})
        before = []
        while (answer := self.answer())[1].transaction != transaction:
            before.append(answer)
        return before

    def counted(self, name):
        return self.health.snapshot().counters.get(name, 0)

    def _ping(self, request):
        return Pong()

    def _handler(self, name):
        def carry_out(request):
            self.done.append(request)
            return {"done": name}

        return carry_out


def cannot(request):
    raise CommandError("pipeline: 'owls', must be one of: drones")


def is_faulty(request):
    raise KeyError(request.transaction)
