"""Where sound and pictures come from. Each source is opened and read by :class:`edged.runtime.capture.Capture`."""
