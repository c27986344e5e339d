"""What keeps a chain of stages running. Knows nothing of sound or faces."""
