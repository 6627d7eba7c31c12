"""Where the servers of this machine's own stack are, for commands that work on its home."""

from pathlib import Path

from api.cli import chroma, ports
from data.settings import Settings


def located(settings: Settings) -> tuple[Settings, Path | None]:
    """Return settings with the index's address, and its folder if it is the stack's own."""
    if settings.index.url is not None:
        return settings, None
    port = ports.noted(settings.folder / "run" / "chroma.port")
    if port is None:
        return settings, settings.folder / "chroma"
    index = settings.index.model_copy(update={"url": f"http://{chroma.HOST}:{port}"})
    return settings.model_copy(update={"index": index}), settings.folder / "chroma"
