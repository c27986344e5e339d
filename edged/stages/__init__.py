"""The stages of the pipelines, one file each: its config, its science as pure functions, a thin class with the state."""
