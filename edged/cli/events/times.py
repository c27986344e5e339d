"""Times as a person names them: ``24h`` ago, or a day, or a moment."""

import argparse
import re
import time
from datetime import datetime

SPANS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
HOW = "must be such as 90s, 30min, 24h, 7d, 2w (ago), 2026-11-20 or 2026-11-20T10:00 (local time, or with Z or +01:00)"
_SPAN = re.compile(r"([0-9]{1,9})(" + "|".join(SPANS_S) + ")")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?"
)


def moment_s(text: str, now_s: float | None = None) -> float:
    """Unix time; a day is its first moment. ArgumentTypeError where it is no time; ``now_s`` None: it is now."""
    if span := _SPAN.fullmatch(text):
        return (time.time() if now_s is None else now_s) - int(span[1]) * SPANS_S[span[2]]
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(f"{text!r}: {HOW}")
