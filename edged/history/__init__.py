"""History: what the box has told and how it was, kept on it, bounded, for `edged events` and `edged report`."""

from edged.history.config import HistoryConfig, history_path
from edged.history.history import History

__all__ = ["History", "HistoryConfig", "history_path"]
