"""When work is done, and when it is done once again."""
