"""Whether lines come in an order that no reader reads them in."""

import numpy as np
import numpy.typing as npt

from ingestion.parsers.pieces import Extents

# Lines of prose are so many times longer than high; only they tell of an order.
_LONG = 8.0
# So many lines at least, and this share of them, must be out of order.
_LINES = 4
_SHARE = 0.35
# Of the lines of two columns, so many begin within a sentence; cells of a table do not.
_RUNNING_ON = 0.3
# A step up is one of more than this many heights.
_STEP = 0.5


def is_disordered(extents: Extents, begins_small: npt.NDArray[np.bool_]) -> bool:
    """Tell whether columns are read line by line across, or lines from the bottom to the top.

    ``extents`` are in the parser's order. Where that order may be meant, it is.
    """
    heights = extents[:, 3] - extents[:, 1]
    with np.errstate(invalid="ignore"):
        long = (extents[:, 2] - extents[:, 0] >= _LONG * heights) & (heights > 0)
    lines, small, heights = extents[long], begins_small[long], heights[long]
    if len(lines) < 2 * _LINES:
        return False
    before, after = lines[:-1], lines[1:]
    beside = (after[:, 0] >= before[:, 2]) | (after[:, 2] <= before[:, 0])
    rise = before[:, 1] - after[:, 1]
    enough = max(_LINES, _SHARE * len(lines))
    # Back to the left and not to the top, as often as not: the columns alternate.
    returns = (after[:, 2] <= before[:, 0]) & (rise <= _STEP * heights[1:])
    if returns.sum() >= enough and small.mean() >= _RUNNING_ON:
        return True
    return bool((~beside & (rise > _STEP * heights[1:])).sum() >= enough)
