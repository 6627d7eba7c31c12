"""Pages as images: who may see one, whether it is kept already, and what is marked on it."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from threading import Event

from api.schemas.documents import ImageQuery
from data.boxes import boxes_of
from data.contents import Page
from data.errors import ClientGone, FootnoteError, Invalid, NoPageImages, PageNotDrawn
from data.picture_cache import PictureAddress, PictureCache
from data.records import StoredFile
from data.settings import Settings
from data.stores import Stores
from ingestion.imaging import Imager
from ingestion.marking import mark
from ingestion.media_types import PDF
from ingestion.png import decoded, encoded
from retrieval.lanes import Lane

logger = logging.getLogger(__name__)

# One more whenever a page is drawn or marked in another way: it is part of every tag and name.
REVISION = 1
# A page that could not be drawn is tried again after that.
FAILED_SECONDS = 600.0
SWEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of which somebody may see an image."""

    document_id: str
    file: StoredFile
    page: Page
    scale: float
    # Characters of the page's text.
    marked: tuple[int, int] | None

    @property
    def address(self) -> PictureAddress:
        """Where the page is kept without marks."""
        name = f"{self.page.number}-{self.scale:.2f}-{REVISION}.png"
        return PictureAddress(self.document_id, self.file.version, name)

    @property
    def failure(self) -> PictureAddress:
        """Where it is kept that the page can't be drawn."""
        return self.address._replace(name=f"{self.address.name}.failed")

    @property
    def tag(self) -> str:
        """The image's entity tag: the same one is always the same image."""
        said = f"{self.address}{self.marked}".encode()
        return f'"{hashlib.sha256(said).hexdigest()[:32]}"'


class PageImages:
    """Draws pages, keeps them, and marks passages on them."""

    def __init__(
        self,
        stores: Stores,
        catalogue: Lane,
        drawing: Lane,
        painting: Lane,
        imager: Imager,
        cache: PictureCache,
    ) -> None:
        self._stores = stores
        self._catalogue = catalogue
        # Two lanes: what is kept does not wait until hostile pages have had their time.
        self._drawing = drawing
        self._painting = painting
        self._imager = imager
        self._cache = cache

    async def sheet(self, workspace: str, document_id: str, page: int, asked: ImageQuery) -> Sheet:
        """Return the page that is asked for, or raise why nobody may see an image of it."""
        run, documents = self._catalogue.run, self._stores.documents
        file = await run(documents.file, workspace, document_id, asked.version)
        if file.media_type != PDF:
            raise NoPageImages
        found = await run(documents.page, workspace, document_id, file.version, page)
        if asked.end is not None and asked.end > len(found.text):
            raise Invalid(f"The page's text ends at {len(found.text)}; end can't be behind that.")
        return Sheet(document_id, file, found, round(asked.scale, 2), asked.marked)

    async def png(self, sheet: Sheet) -> bytes:
        """Return the image, or raise ``PageNotDrawn``, or ``Overloaded`` when too many wait."""
        plain = await self._painting.run(self._kept, sheet)
        if plain is None:
            plain = await self._draw(sheet)
        if sheet.marked is None:
            return plain
        return await self._painting.run(_marked, plain, sheet.page.boxes, *sheet.marked)

    async def keep_swept(self) -> None:
        """Remove kept pages that nobody may see any more, again and again."""
        while True:
            try:
                await self._painting.run(self.sweep)
            except FootnoteError as error:  # the catalogue is away: the next time
                logger.warning("page images not swept", extra={"code": error.code})
            await asyncio.sleep(SWEEP_SECONDS)

    def sweep(self) -> None:
        """Remove kept pages of versions that were deleted, or replaced a day ago."""
        self._cache.sweep()
        kept = sorted(self._cache.versions())
        for some in (kept[at : at + 100] for at in range(0, len(kept), 100)):
            for gone in set(some) - self._stores.documents.readable(some):
                self._cache.forget(*gone)

    async def _draw(self, sheet: Sheet) -> bytes:
        left = Event()

        def check() -> None:
            if left.is_set():
                raise ClientGone

        try:
            return await self._drawing.run(self._drawn, sheet, check)
        finally:
            left.set()

    def _kept(self, sheet: Sheet) -> bytes | None:
        if self._cache.get(sheet.failure, FAILED_SECONDS) is not None:
            raise PageNotDrawn
        return self._cache.get(sheet.address)

    def _drawn(self, sheet: Sheet, check: Callable[[], None]) -> bytes:
        # Somebody may have had it drawn while this one waited.
        if (kept := self._kept(sheet)) is not None:
            return kept
        password, page = self._password(sheet), sheet.page.number
        try:
            with self._stores.blobs.local(sheet.file.key) as path:
                picture = self._imager.draw(path, password, page, sheet.scale, check)
        except PageNotDrawn:
            self._cache.put(sheet.failure, b"")
            raise
        plain = encoded(picture)
        self._cache.put(sheet.address, plain)
        return plain

    def _password(self, sheet: Sheet) -> str | None:
        sealed = sheet.file.password
        return None if sealed is None else self._stores.secrets.unseal(sealed, sheet.document_id)


@asynccontextmanager
async def open_images(
    settings: Settings, stores: Stores, catalogue: Lane
) -> AsyncIterator[PageImages]:
    """Give the images of pages; whoever still waits for one in the end is turned away."""
    images = settings.images
    cache = PictureCache(settings.folder / "cache" / "pages", images.cache_bytes)
    imager = Imager(images)
    async with AsyncExitStack() as stack:
        stack.callback(imager.close)
        drawing = Lane("drawing", images.processes, images.max_waiting)
        painting = Lane("painting", 2, images.processes + images.max_waiting)
        await stack.enter_async_context(drawing)
        await stack.enter_async_context(painting)
        stack.callback(imager.stop)
        opened = PageImages(stores, catalogue, drawing, painting, imager, cache)
        stack.push_async_callback(_ended, asyncio.create_task(opened.keep_swept()))
        yield opened


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))


def _marked(plain: bytes, boxes: bytes, start: int, end: int) -> bytes:
    """Return the image with these characters marked; as it is when the page does not say where."""
    picture = decoded(plain)
    with suppress(ValueError):
        mark(picture, boxes_of(boxes, start, end))
    return encoded(picture)
