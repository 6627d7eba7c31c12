"""The stores compared with each other, both ways: what ``footnote doctor`` finds and mends."""
