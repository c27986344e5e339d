"""Fetching models: whence, how, and where they are put."""
