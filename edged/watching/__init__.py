"""Watching boxes from their topics alone: what is known of them, and how it is shown."""
