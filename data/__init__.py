"""The data layer: what is kept, and the words for it."""
