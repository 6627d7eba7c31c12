"""Initials that are set over several lines: they belong to the word that they begin."""

import numpy as np

from ingestion.parsers.cleaning import Characters

_LF, _SPACE = 0x0A, 0x20
# An initial is so many times higher than the letters behind it, and stands no further from them
# than its own width.
_HIGHER = 1.7


def with_whole_initials(characters: Characters) -> Characters:
    """Return the characters without what stands between an initial and the rest of its word."""
    codes, boxes, _ = characters
    white = (codes == _LF) | (codes == _SPACE)
    heights = boxes[:, 3] - boxes[:, 1]
    at = np.arange(len(codes))
    alone = (at > 0) & white & ((at < 2) | (codes[np.maximum(at - 2, 0)] == _LF))
    alone[-1:] = False
    behind = np.minimum(at + 1, len(codes) - 1)
    found = np.flatnonzero(alone & (heights[at - 1] >= _HIGHER * heights[behind]))
    keep = np.ones(len(codes), bool)
    for gap in found.tolist():
        first, second = boxes[gap - 1].tolist(), boxes[gap + 1].tolist()
        if (
            chr(codes[gap - 1]).isupper()
            and chr(codes[gap + 1]).islower()
            and abs(second[0] - first[2]) <= first[2] - first[0]
            and first[1] <= (second[1] + second[3]) / 2 <= first[3]
        ):
            keep[gap] = False
    return characters if keep.all() else characters.where(keep)
