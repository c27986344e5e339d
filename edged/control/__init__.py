"""Control: how other programs on this box talk to a running edged. Knows how to carry requests, not what they mean."""
