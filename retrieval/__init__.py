"""A question becomes passages, and passages become a checked answer."""
