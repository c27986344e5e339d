"""RemoteEvidence: the commands `clip` and `feedback`."""

import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from edged.commands import CommandError
from edged.messages.requests import ClipRequest, FeedbackRequest
from edged.messages.wire import rfc3339
from edged.sinks.clips import Clips
from edged.sinks.clips.store import Store

PIECE_BYTES = 96 * 1024
"""Of a clip's file, in one answer."""


class RemoteEvidence:
    """Hands out what is kept of an event, and takes what people say of it."""

    def __init__(self, clips: Callable[[], Clips | None]) -> None:
        """``clips``: those that the box keeps now, if any."""
        self._clips = clips

    def clip(self, request: ClipRequest) -> dict[str, Any]:
        """Which files there are about an event, or a piece of one of them as base64."""
        store, event = self._store(), request.event
        if request.file is None:
            return {"event": event, "files": [file.model_dump(mode="json") for file in store.files(event)]}
        content = store.read(event, request.file)
        piece = content[request.offset : request.offset + PIECE_BYTES]
        return {
            "event": event,
            "file": request.file,
            "offset": request.offset,
            "bytes": len(content),
            "base64": b64encode(piece).decode("ascii"),
        }

    def feedback(self, request: FeedbackRequest) -> dict[str, Any]:
        """It is kept with the event's evidence."""
        self._store().add_feedback(request.event, request.verdict, request.label, rfc3339(time.time()))
        return {"event": request.event, "verdict": request.verdict, "label": request.label}

    def _store(self) -> Store:
        if (clips := self._clips()) is None:
            raise CommandError("this box keeps no evidence; clips.enabled: true in the configuration lets it")
        return clips.store
