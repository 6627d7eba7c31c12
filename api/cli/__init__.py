"""The ``footnote`` command and the embedded stack that it starts."""
