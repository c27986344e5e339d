"""What `edged doctor` looks at: devices, library, runtimes, and whether they fit."""
