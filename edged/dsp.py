"""Signal processing that more than one stage needs, so that stages need not know one another."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=8)
def hann(length: int) -> NDArray[np.float32]:
    """Periodic Hann window, shape (length,)."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)).astype(np.float32)
