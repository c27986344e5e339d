"""A day in an hour: the real program among real servers that fail at random; see scripts/soak."""
