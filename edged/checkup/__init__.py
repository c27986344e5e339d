"""Checkup: what `edged doctor` looks at, one file a check. It reads, and changes nothing on the box."""
