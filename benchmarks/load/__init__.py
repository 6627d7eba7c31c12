"""Load: many who ask at once, ours and the tutorial pipeline in the same run."""
