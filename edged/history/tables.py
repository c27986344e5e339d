"""Tables: what the history's file is made of."""

from edged.history.record import Record

VERSION = 1
"""A file of another version counts as damaged for whoever writes, and is not read."""
COLUMNS = ", ".join(Record._fields)
SCHEMA = f"""
BEGIN;
CREATE TABLE events (
    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, label TEXT NOT NULL, subject TEXT,
    started_s REAL NOT NULL, ended_s REAL, cut INTEGER NOT NULL, confidence REAL NOT NULL, duration_s REAL NOT NULL,
    updates INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    start_evidence TEXT NOT NULL, best_evidence TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX events_by_time ON events (started_s, id);
CREATE INDEX events_without_end ON events (id) WHERE ended_s IS NULL;
CREATE INDEX events_of_people ON events (subject) WHERE subject IS NOT NULL;
CREATE TABLE health (
    number INTEGER PRIMARY KEY, at_s REAL NOT NULL, part TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, version TEXT NOT NULL,
    started_s REAL NOT NULL, seen_s REAL NOT NULL, stopped_s REAL
);
PRAGMA user_version = {VERSION};
COMMIT;
"""
PUT_EVENT = f"""
INSERT INTO events ({COLUMNS}) VALUES ({", ".join("?" * len(Record._fields))})
ON CONFLICT (id) DO UPDATE SET
    pipeline = excluded.pipeline, label = excluded.label, subject = excluded.subject, ended_s = excluded.ended_s,
    cut = excluded.cut, duration_s = excluded.duration_s, updates = updates + excluded.updates,
    last_seq = excluded.last_seq, body = excluded.body,
    best_evidence = CASE WHEN excluded.confidence > confidence THEN excluded.best_evidence ELSE best_evidence END,
    confidence = max(confidence, excluded.confidence)
"""  # noqa: S608  # our own names
"""What :func:`~edged.history.record.merged` does, with what the table has as the earlier one."""
