"""An upload, received piece by piece: hashed and on the disk when its last byte is here."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from starlette.requests import ClientDisconnect, Request

from api.bodies import declared_bytes
from api.multipart import FIELD_BYTES, MultipartForm, Part
from data.acceptance import Acceptance
from data.blobs import LocalBlobs
from data.errors import ClientGone, FileTooLarge, FootnoteError, Invalid
from data.records import StagedFile, UploadFields
from data.settings import UploadSettings
from data.staging import Staging
from ingestion.media_types import media_type_of, refuse_foreign
from retrieval.lanes import Lane

# Fewer, larger writes: each one crosses over to a thread.
GATHERED_BYTES = 1024 * 1024
# While the queue is full, a body that is no larger is read all the same: if the library has
# these bytes already, there is nothing to refuse.
READ_ANYWAY_BYTES = 1024 * 1024
# Each holds as much in memory; who comes later is not read from until one of them is done.
AT_ONCE = 128
# A client that sends nothing for so long is gone.
SILENT_SECONDS = 60.0
# What a form has besides the file.
FORM_BYTES = FIELD_BYTES * 4
MOST_TAGS = 50
LONGEST = {"filename": 255, "title": 500, "tags": 100, "password": 500}
FIELDS = frozenset({"library", "title", "tags", "password"})
# Of a new version: the rest stays as it is.
VERSION_FIELDS = frozenset({"password"})
# Controls, and marks that make a name read in another order than it is written.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Uploads:
    """Receives files."""

    def __init__(
        self, blobs: LocalBlobs, acceptance: Acceptance, lane: Lane, settings: UploadSettings
    ) -> None:
        self._blobs = blobs
        self._acceptance = acceptance
        self._lane = lane
        self._settings = settings
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def received(
        self, request: Request, workspace: str, document_id: str = ""
    ) -> AsyncIterator[tuple[UploadFields, StagedFile]]:
        """Give what the form says, and its file; what nobody has kept by then is removed.

        With a document: its next version. Raises ``FileTooLarge``, ``UnsupportedFile``,
        ``QueueFull`` and ``StorageFull`` as soon as that is known.
        """
        declared = declared_bytes(request.headers)
        if declared > self._settings.max_bytes + FORM_BYTES:
            raise FileTooLarge(self._settings.max_bytes)
        if not 0 < declared <= READ_ANYWAY_BYTES:
            await self._lane.run(self._acceptance.require_room, workspace, declared, document_id)
        async with self._places:
            form = UploadForm(
                request.headers.get("content-type", ""),
                self._settings.max_bytes,
                VERSION_FIELDS if document_id else FIELDS,
            )
            staging = await self._lane.run(self._blobs.stage, declared)
            try:
                await self._read(request, form, staging)
                fields = form.fields()
                sha256 = await self._lane.run(staging.finish)
                media_type = await self._lane.run(media_type_of, staging.path, fields.filename)
                yield fields, StagedFile(staging.name, staging.bytes, sha256, media_type)
            finally:
                # A write that was given up may end as an error now; the file goes in any case.
                with suppress(OSError):
                    staging.close()
                with suppress(FootnoteError):
                    self._blobs.discard(staging.name)

    async def _read(self, request: Request, form: "UploadForm", staging: Staging) -> None:
        async for piece in _pieces(request):
            form.feed(piece)
            if len(form.gathered) >= GATHERED_BYTES:
                await self._lane.run(staging.write, form.take())
                # Of a file that will be refused no more is taken.
                refuse_foreign(staging.head, form.filename)
        form.finish()
        await self._lane.run(staging.write, form.take())


class UploadForm:
    """The form of an upload; the file's bytes are taken out of it while they come."""

    def __init__(self, content_type: str, max_bytes: int, fields: Collection[str]) -> None:
        self._form = MultipartForm(content_type, self._open)
        self._max_bytes = max_bytes
        self._fields = fields
        self._received = 0
        self._values: dict[str, list[str]] = {}
        self._filename: str | None = None
        self.gathered = bytearray()

    @property
    def filename(self) -> str:
        """What the file is called, as soon as that is known."""
        return self._filename or ""

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the body."""
        self._form.feed(data)

    def take(self) -> bytes:
        """Return the bytes of the file that have come since the last time."""
        taken = bytes(self.gathered)
        self.gathered.clear()
        return taken

    def finish(self) -> None:
        """Take in that the body is complete."""
        self._form.finish()
        if self._filename is None:
            raise Invalid("file: is required.", fields=[{"field": "file"}])

    def fields(self) -> UploadFields:
        """Return what the form says about the file."""
        return UploadFields(
            filename=self.filename,
            library=self._one("library") or "default",
            title=self._one("title"),
            tags=tuple(dict.fromkeys(self._values.get("tags", ()))),
            password=self._one("password"),
        )

    def add_to_file(self, data: bytes) -> None:
        """Take in bytes of the file, or raise ``FileTooLarge``."""
        self._received += len(data)
        if self._received > self._max_bytes:
            raise FileTooLarge(self._max_bytes)
        self.gathered += data

    def add_value(self, name: str, value: str) -> None:
        """Take in a complete field; an empty one is as good as none."""
        if "\0" in value:
            raise _refusal(name, "has a NUL character")
        value = value if name == "password" else value.strip()
        if len(value) > LONGEST.get(name, FIELD_BYTES):
            raise _refusal(name, f"is longer than {LONGEST[name]} characters")
        if value:
            self._values.setdefault(name, []).append(value)
        if len(self._values.get(name, ())) > (MOST_TAGS if name == "tags" else 1):
            raise _refusal(name, "is given too often")

    def _open(self, name: str, filename: str | None) -> Part:
        if name == "file":
            if self._filename is not None:
                raise _refusal(name, "is given too often: send one file with each request")
            self._filename = clean_filename(filename or "")
            return _FilePart(self)
        if name not in self._fields:
            raise _refusal(name[:100], "is not a field of this request")
        return _FieldPart(self, name)

    def _one(self, name: str) -> str | None:
        return next(iter(self._values.get(name, ())), None)


class _FilePart:
    def __init__(self, form: UploadForm) -> None:
        self.write = form.add_to_file

    def end(self) -> None:
        """Nothing is left to do."""


class _FieldPart:
    def __init__(self, form: UploadForm, name: str) -> None:
        self._form = form
        self._name = name
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        """Keep the bytes, up to the limit."""
        if len(self._data) + len(data) > FIELD_BYTES:
            raise _refusal(self._name, f"is longer than {FIELD_BYTES} bytes")
        self._data += data

    def end(self) -> None:
        """Hand the value over."""
        try:
            value = self._data.decode()
        except UnicodeDecodeError as error:
            raise _refusal(self._name, "is not valid UTF-8") from error
        self._form.add_value(self._name, value)


def clean_filename(filename: str) -> str:
    """Return a name without folders and without what can't be seen."""
    if "\0" in filename:
        raise _refusal("filename", "has a NUL character")
    name = re.split(r"[/\\]", filename)[-1].encode("utf-8", "replace").decode()
    name = UNSEEN.sub("", name).strip()
    if len(name) > LONGEST["filename"]:
        raise _refusal("filename", f"is longer than {LONGEST['filename']} characters")
    return name if name not in ("", ".", "..") else "document"


def _refusal(field: str, problem: str) -> Invalid:
    return Invalid(f"{field}: {problem}.", fields=[{"field": field, "message": problem}])


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    try:
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                piece = await anext(stream)
            yield piece
    except StopAsyncIteration:
        return
    except (ClientDisconnect, TimeoutError) as error:
        raise ClientGone from error
