"""Bounds: what goes when the history is too old, too long or too large. The oldest first."""

from edged.history.config import HistoryConfig
from edged.history.store import Store

MOST_HEALTH = 20_000
"""Changes of health that are kept, the newest..."""
MOST_RUNS = 2_000
"""...and starts of edged."""
CHUNK = 500
"""Events deleted together for want of room."""
DAY_S = 86400.0


def keep_within(store: Store, config: HistoryConfig, now_s: float | None) -> int:
    """Delete what is too much, in a transaction; how many events. ``now_s`` None: the clock is wrong."""
    gone = 0
    if now_s is not None:
        oldest_s = now_s - config.max_age_days * DAY_S
        gone += store.delete("DELETE FROM events WHERE started_s < ?", oldest_s)
        store.delete("DELETE FROM health WHERE at_s < ?", oldest_s)
        store.delete("DELETE FROM runs WHERE seen_s < ?", oldest_s)
    store.delete("DELETE FROM health WHERE number <= (SELECT max(number) FROM health) - ?", MOST_HEALTH)
    store.delete("DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?", MOST_RUNS)
    too_many = store.number("SELECT count(*) FROM events") - config.max_events
    if too_many > 0:
        gone += delete_oldest(store, too_many)
    while store.used_bytes() > config.max_bytes and (deleted := delete_oldest(store, CHUNK)):
        gone += deleted
    return gone


def delete_oldest(store: Store, number: int) -> int:
    """How many there were to delete."""
    chosen = "SELECT id FROM events ORDER BY started_s, id LIMIT ?"
    return store.delete(f"DELETE FROM events WHERE id IN ({chosen})", number)  # noqa: S608  # our own words
