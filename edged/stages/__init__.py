"""The stages of the pipelines, one file each: config, science as pure functions, a thin class that holds state."""
