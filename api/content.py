"""The original bytes of a document, sent in a way that no browser will run."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from urllib.parse import quote

from starlette.responses import StreamingResponse

from data.blobs import LocalBlobs
from data.records import StoredFile
from retrieval.lanes import Lane


async def content_of(file: StoredFile, blobs: LocalBlobs, lane: Lane) -> StreamingResponse:
    """Return the response that sends a file; raises when it can't be opened."""
    pieces = blobs.read(file.key)
    first = await lane.run(next, pieces, b"")
    name = quote(file.filename, safe="")
    headers = {
        # As it is: a framework would say of every text that it is UTF-8.
        "Content-Type": file.media_type,
        "Content-Length": str(file.bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
    }
    return StreamingResponse(_sent(first, pieces, lane), headers=headers)


async def _sent(first: bytes, pieces: Iterator[bytes], lane: Lane) -> AsyncGenerator[bytes, None]:
    piece = first
    try:
        while piece:
            yield piece
            piece = await lane.run(next, pieces, b"")
    finally:
        # A client that left while a piece was being read: the file closes with the generator.
        with suppress(ValueError):
            getattr(pieces, "close", lambda: None)()
