"""What `scripts/bench` measures: one file a group (`sound.py`), one function a measure, targets beside them."""
