"""Pages are shown as images over HTTP, to those who may see them."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import httpx
import numpy as np
import numpy.typing as npt
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import update

from api.images import PageImages, open_images
from api.schemas.documents import ImageQuery
from data.boxes import pack
from data.contents import FileFacts, Page, Profile
from data.database import clock
from data.picture_cache import PictureCache
from data.records import Effort, JobStage, Role
from data.settings import ImageSettings, Settings
from data.tables import versions
from ingestion.imaging import Imager
from ingestion.marking import COLOUR
from retrieval.lanes import Lane

if TYPE_CHECKING:
    from tests.api.conftest import Service

Body = dict[str, Any]
TEXT = "Pelicans"
# Of each character: the lower left quarter of the page is theirs.
BOX = (0.0, 0.5, 0.5, 1.0)


def pdf_of(*, password: str | None = None) -> bytes:
    """Return a PDF of one page of 400 by 600 points, all of it blue."""
    buffer = io.BytesIO()
    encrypt = StandardEncryption(password, "owner", strength=128) if password else None
    canvas = Canvas(buffer, pagesize=(400, 600), encrypt=encrypt)
    canvas.setFillColorRGB(0, 0, 1)
    canvas.rect(0, 300, 400, 300, stroke=0, fill=1)
    canvas.save()
    return buffer.getvalue()


def index(service: "Service") -> None:
    """Take the queued ingest job to its published version, as a worker does."""
    page = Page(1, TEXT, pack(np.array([BOX] * len(TEXT), np.float32)))
    service.stores.versions.write_pages(service.claim(), [page], FileFacts(1), Effort())
    service.stores.versions.write_profile(service.claim(), Profile("Title"))
    service.stores.claims.checkpoint(service.claim(), JobStage.EMBEDDING, 1, 1)
    service.stores.catalogue.publish(service.claim(), 1, 0, ())


async def ready(
    client: httpx.AsyncClient, service: "Service", content: bytes, **fields: str
) -> str:
    """Have a file indexed, and return the address of its page's image."""
    files = {"file": ("birds.pdf", content)}
    uploaded = (await client.post("/v1/documents", files=files, data=fields)).json()
    index(service)
    return f"/v1/documents/{uploaded['document']['id']}/pages/1/image"


@pytest.fixture
async def image(client: httpx.AsyncClient, service: "Service") -> str:
    """The address of the image of a page."""
    return await ready(client, service, pdf_of())


def pixels(answer: httpx.Response) -> npt.NDArray[np.uint8]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    read = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    return np.asarray(read[:, :, ::-1], np.uint8)


def kept(service: "Service") -> list[Path]:
    return [path for path in (service.settings.folder / "cache").rglob("*") if path.is_file()]


def lose_the_file(service: "Service") -> None:
    """Have nothing left that a page could be drawn from."""
    for path in service.kept():
        path.unlink()


async def soon(claim: Callable[[], bool]) -> bool:
    """Wait until a claim is true, and return whether it ever was."""
    for _ in range(3000):
        if claim():
            return True
        await asyncio.sleep(0.01)
    return False


class TestAnImage:
    async def test_is_the_page(self, client: httpx.AsyncClient, image: str) -> None:
        answer = await client.get(image)

        picture = pixels(answer)
        assert picture.shape == (900, 600, 3)
        assert (picture[200, 300].tolist(), picture[700, 300].tolist()) == ([0, 0, 255], [255] * 3)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    async def test_has_the_range_marked(self, client: httpx.AsyncClient, image: str) -> None:
        picture = pixels(await client.get(f"{image}?start=0&end=8&scale=2"))

        assert picture.shape == (1800, 1200, 3)
        assert picture[1500, 300].tolist() == list(COLOUR)
        assert picture[1500, 900].tolist() == [255] * 3
        assert picture[300, 300].tolist() == [0, 0, 255]

    async def test_of_a_page_that_does_not_say_where_is_not_marked(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        files = {"file": ("birds.pdf", pdf_of())}
        uploaded = (await client.post("/v1/documents", files=files)).json()
        service.index(TEXT)
        address = f"/v1/documents/{uploaded['document']['id']}/pages/1/image"

        answer = await client.get(f"{address}?start=0&end=8")

        assert (pixels(answer) == pixels(await client.get(address))).all()

    @pytest.mark.parametrize(
        ("query", "word"),
        [
            ("start=0", "both"),
            ("end=3", "both"),
            ("start=3&end=3", "before"),
            ("start=4&end=3", "before"),
            ("start=0&end=9", "ends at 8"),
            ("start=-1&end=3", "start"),
            ("start=0&end=99999999999", "end"),
            ("scale=3.1", "scale"),
            ("scale=0", "scale"),
            ("scale=nan", "scale"),
            ("scale=inf", "scale"),
            ("version=0", "version"),
            ("quote=Pelicans", "quote"),
        ],
    )
    async def test_needs_a_range_and_a_scale_that_make_sense(
        self, client: httpx.AsyncClient, image: str, query: str, word: str
    ) -> None:
        answer = await client.get(f"{image}?{query}")

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
        assert word in answer.json()["error"]["message"]

    @pytest.mark.parametrize("page", ["0", "2", "-1", "99999999999999999999"])
    async def test_is_of_pages_that_are_there(
        self, client: httpx.AsyncClient, image: str, page: str
    ) -> None:
        answer = await client.get(image.replace("/1/", f"/{page}/"))

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "page_not_found")

    async def test_of_an_encrypted_file_is_drawn_with_its_password(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        content = pdf_of(password="correct horse")
        address = await ready(client, service, content, password="correct horse")

        assert pixels(await client.get(address))[200, 300].tolist() == [0, 0, 255]

    async def test_of_another_kind_of_file_is_none(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        with service.stores.database.write() as connection:
            connection.execute(update(versions).values(media_type="text/plain"))

        answer = await client.get(image)

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_page_images")
        assert "text" in answer.json()["error"]["message"]

    async def test_that_can_not_be_drawn_says_so_and_the_rest_goes_on(
        self, client: httpx.AsyncClient, service: "Service", image: str, pdf: bytes
    ) -> None:
        broken = await ready(client, service, pdf)

        answers = [await client.get(broken), await client.get(broken)]
        lose_the_file(service)
        answers.append(await client.get(broken))

        for answer in answers:
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "page_not_drawn")
        assert (await client.get("/health/live")).status_code == 200


class TestWhoMaySeeIt:
    async def test_readers_of_its_workspace(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        mine = service.new_key(Role.READER)
        theirs = service.new_key(Role.ADMIN, service.new_workspace())

        assert (await client.get(image, headers=mine)).status_code == 200
        answer = await client.get(image, headers=theirs)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "document_not_found")
        answer = await client.get(image, headers={"Authorization": "Bearer fn-nobody"})
        assert answer.status_code == 401

    async def test_nobody_once_it_is_deleted_though_it_is_kept(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        tag = (await client.get(image)).headers["ETag"]
        assert kept(service)
        await client.delete(image.removesuffix("/pages/1/image"))

        for headers in ({}, {"If-None-Match": tag}):
            answer = await client.get(image, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                404,
                "document_not_found",
            )

    async def test_of_a_replaced_version_for_a_day(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        document = image.removesuffix("/pages/1/image")
        first = await client.get(f"{image}?version=1")
        files = {"file": ("birds.pdf", pdf_of() + b"\n")}
        await client.put(f"{document}/content", files=files)
        assert (await client.get(f"{image}?version=2")).json()["error"]["code"] == "page_not_found"
        index(service)

        assert (await client.get(f"{image}?version=1")).content == first.content
        assert (await client.get(image)).headers["ETag"] != first.headers["ETag"]

        with service.stores.database.write() as connection:
            old = update(versions).where(versions.c.version == 1)
            connection.execute(old.values(superseded_at=clock() - 25 * 3600))
        answer = await client.get(f"{image}?version=1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "version_gone")


class TestWhatIsKept:
    async def test_is_not_drawn_again(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        plain = await client.get(image)
        lose_the_file(service)

        assert (await client.get(image)).content == plain.content
        assert pixels(await client.get(f"{image}?start=0&end=8"))[700, 150].tolist() == list(COLOUR)
        assert (await client.get(f"{image}?scale=2")).status_code == 404

    async def test_is_drawn_again_when_it_was_damaged(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        plain = await client.get(image)
        for path in kept(service):
            path.write_bytes(b"damaged")

        assert (await client.get(image)).content == plain.content

    async def test_is_known_to_the_client_by_its_tag(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        first = await client.get(f"{image}?version=1&start=0&end=8")
        tag = first.headers["ETag"]
        lose_the_file(service)
        for path in kept(service):
            path.unlink()

        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer = await client.get(
                f"{image}?version=1&start=0&end=8", headers={"If-None-Match": known}
            )
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["ETag"] == tag
        for query in ("version=1&start=0&end=7", "version=1", "version=1&start=0&end=8&scale=2"):
            answer = await client.get(f"{image}?{query}", headers={"If-None-Match": tag})
            assert answer.status_code == 404

    async def test_never_changes_where_the_address_names_the_version(
        self, client: httpx.AsyncClient, image: str
    ) -> None:
        named, shown = await client.get(f"{image}?version=1"), await client.get(image)

        assert named.headers["Cache-Control"] == "private, max-age=86400, immutable"
        assert shown.headers["Cache-Control"] == "private, no-cache"
        assert named.headers["Vary"] == "Authorization"
        assert named.headers["ETag"] == shown.headers["ETag"]

    async def test_is_swept_when_its_document_is_gone(
        self, client: httpx.AsyncClient, service: "Service", image: str
    ) -> None:
        other = await ready(client, service, pdf_of() + b"\n")
        for address in (image, other):
            await client.get(address)
        await client.delete(image.removesuffix("/pages/1/image"))
        gone, stays = image.split("/")[3], other.split("/")[3]

        async with (
            Lane("catalogue", 1, 9) as lane,
            open_images(service.settings, service.stores, lane),
        ):
            assert await soon(lambda: len(kept(service)) == 1)

        assert [path.parent.name for path in kept(service)] == [stays]
        assert gone != stays


class TestAHostilePage:
    """Its process hangs, whoever waits for it."""

    @pytest.fixture
    async def hanging(
        self, service: "Service", tmp_path: Path
    ) -> AsyncIterator[tuple[PageImages, Lane]]:
        script = Path(__file__).parents[1] / "ingestion" / "hostile_imager.py"
        command = (sys.executable, "-P", str(script), "hang", str(tmp_path / "marker"))
        imager = Imager(ImageSettings(seconds=3600), command)
        cache = PictureCache(service.settings.folder / "cache" / "pages", 1 << 20)
        async with Lane("any", 1, 9) as lane, Lane("drawing", 1, 9) as drawing:
            yield PageImages(service.stores, lane, drawing, lane, imager, cache), drawing
            imager.stop()
        imager.close()

    async def test_is_given_up_when_its_client_leaves_and_holds_up_nothing_that_is_kept(
        self,
        client: httpx.AsyncClient,
        service: "Service",
        image: str,
        hanging: tuple[PageImages, Lane],
    ) -> None:
        images, drawing = hanging
        drawn = (await client.get(image)).content
        place = (service.workspace, image.split("/")[3], 1)
        sheet = await images.sheet(*place, ImageQuery(scale=2))
        waiting = asyncio.create_task(images.png(sheet))
        assert await soon(lambda: drawing._running == 1)

        assert await images.png(await images.sheet(*place, ImageQuery())) == drawn
        waiting.cancel()

        assert await soon(lambda: drawing.unfinished == 0)
        assert waiting.cancelled()


class TestALine:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"images": ImageSettings(processes=1, max_waiting=1)})

    async def test_that_is_full_is_said_at_once(
        self, client: httpx.AsyncClient, image: str
    ) -> None:
        addresses = [f"{image}?scale={number / 10}" for number in range(1, 11)]

        answers = await asyncio.gather(*(client.get(address) for address in addresses))

        refused = [one for one in answers if one.status_code == 429]
        assert refused
        assert {one.json()["error"]["code"] for one in refused} == {"overloaded"}
        assert all("Retry-After" in one.headers for one in refused)
        assert {one.status_code for one in answers} == {200, 429}
