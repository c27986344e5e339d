"""The anchors of an SSD as TensorFlow's Object Detection API makes them."""

import math
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Shape = tuple[float, float]
"""Width and height, in shares of the picture."""


def shapes(
    layer: int, layers: int, min_scale: float, max_scale: float, aspect_ratios: tuple[float, ...]
) -> Iterator[Shape]:
    """Of the anchors of one cell in grid number ``layer`` of ``layers``.

    Liu et al., SSD (2016), section 2.2; as in the API's multiple_grid_anchor_generator the first grid has but three,
    the first of them half as large, and each other grid one more, between its scale and the next.
    """
    scales = [min_scale + (max_scale - min_scale) * number / max(layers - 1, 1) for number in range(layers)] + [1.0]
    if layer == 0:
        sized = [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
    else:
        between = math.sqrt(scales[layer] * scales[layer + 1])
        sized = [*((scales[layer], ratio) for ratio in aspect_ratios), (between, 1.0)]
    for scale, ratio in sized:
        yield scale * math.sqrt(ratio), scale / math.sqrt(ratio)


@cache
def grid_anchors(
    grids: tuple[int, ...], min_scale: float, max_scale: float, aspect_ratios: tuple[float, ...]
) -> NDArray[np.float32]:
    """Centre x, y, width, height, shape (n, 4), in shares of the picture; grids of so many cells a side, row by row."""
    anchors = [
        ((x + 0.5) / cells, (y + 0.5) / cells, *shape)
        for layer, cells in enumerate(grids)
        for y, x, shape in product(
            range(cells), range(cells), list(shapes(layer, len(grids), min_scale, max_scale, aspect_ratios))
        )
    ]
    return np.array(anchors, np.float32).reshape(-1, 4)
