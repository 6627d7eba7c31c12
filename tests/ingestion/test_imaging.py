"""Pages are drawn as they look, with a passage marked on them, whatever the file does."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from data.boxes import boxes_of
from data.contents import Page
from data.errors import ClientGone, PageNotDrawn, ShuttingDown, Unavailable
from data.settings import ImageSettings
from ingestion.child import ENVIRONMENT
from ingestion.imaging import PIXELS_PER_POINT, Imager
from ingestion.marking import COLOUR, mark
from ingestion.png import Picture
from tests.processes import is_gone

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]
Mask = npt.NDArray[np.bool_]
SETTINGS = ImageSettings(seconds=60)
HASTY = ImageSettings(seconds=1, max_pixels=1_000_000)
UNLOCK = "correct horse"


def nobody_minds() -> None:
    """Let the drawing go on."""


@pytest.fixture
def imager() -> Iterator[Imager]:
    one = Imager(SETTINGS)
    yield one
    one.close()


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Callable[[str], Imager]]:
    """Make an imager whose processes misbehave in this way."""
    script = str(Path(__file__).with_name("hostile_imager.py"))
    made = []

    def make(mode: str, settings: ImageSettings = HASTY) -> Imager:
        command = (sys.executable, "-P", script, mode, str(tmp_path / "marker"))
        made.append(Imager(settings, command))
        return made[-1]

    yield make
    for one in made:
        one.close()


def is_coloured(picture: Picture, colour: tuple[int, int, int]) -> Mask:
    return np.asarray((picture == np.array(colour, np.uint8)).all(axis=2))


def extent(mask: Mask) -> npt.NDArray[np.int_]:
    """Return left, top, right, bottom of what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1], rows[-1]])


class TestAPicture:
    def test_has_the_size_of_the_page_at_its_scale(self, imager: Imager, make_pdf: MakePdf) -> None:
        path = make_pdf(lambda canvas: canvas.drawString(50, 500, "Pelican"))

        shapes = [imager.draw(path, None, 1, scale, nobody_minds).shape for scale in (1, 0.5, 3)]

        assert PIXELS_PER_POINT == 1.5
        assert shapes == [(900, 600, 3), (450, 300, 3), (2700, 1800, 3)]

    def test_is_of_the_page_asked_for_in_its_colours(
        self, imager: Imager, make_pdf: MakePdf
    ) -> None:
        def filled(*colour: float) -> Callable[[Canvas], None]:
            def draw(canvas: Canvas) -> None:
                canvas.setFillColorRGB(*colour)
                canvas.rect(0, 0, 200, 600, stroke=0, fill=1)

            return draw

        path = make_pdf(filled(1, 0, 0), filled(0, 0, 1))

        picture = imager.draw(path, None, 2, 1, nobody_minds)

        assert picture[450, 100].tolist() == [0, 0, 255]
        assert picture[450, 500].tolist() == [255, 255, 255]

    def test_shows_annotations_and_the_fields_of_forms(
        self, imager: Imager, make_pdf: MakePdf
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.highlightAnnotation("", (40, 490, 140, 520), Color=[1, 0, 0])
            canvas.acroForm.textfield(
                value="Pelican", x=40, y=100, width=200, height=30, borderWidth=0
            )

        picture = imager.draw(make_pdf(draw), None, 1, 1, nobody_minds)

        assert (picture[120:165, 60:210] != 255).any()
        field = picture[705:750, 60:360]
        assert (field < 100).all(axis=2).any()

    def test_of_an_endless_page_is_bounded(self, imager: Imager, tmp_path: Path) -> None:
        path = tmp_path / "wide.pdf"
        canvas = Canvas(str(path), pagesize=(14_400, 14_400))
        canvas.drawString(50, 500, "Pelican")
        canvas.save()

        height, width, _ = imager.draw(path, None, 1, 3, nobody_minds).shape

        assert 0.99 * SETTINGS.max_pixels < height * width <= SETTINGS.max_pixels

    def test_of_an_encrypted_file_takes_its_password(
        self, imager: Imager, make_pdf: MakePdf
    ) -> None:
        path = make_pdf(
            lambda canvas: canvas.drawString(50, 500, "Pelican"),
            encrypt=StandardEncryption(UNLOCK, "owner", strength=128),
        )

        assert (imager.draw(path, UNLOCK, 1, 1, nobody_minds) < 100).any()
        for wrong in ("battery staple", None):
            with pytest.raises(PageNotDrawn):
                imager.draw(path, wrong, 1, 1, nobody_minds)

    def test_of_what_is_no_page_is_refused(
        self, imager: Imager, make_pdf: MakePdf, tmp_path: Path
    ) -> None:
        path = make_pdf(lambda canvas: canvas.drawString(50, 500, "Pelican"))
        (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnot much of one\n%%EOF\n")

        for broken, page in ((path, 2), (path, 0), (tmp_path / "broken.pdf", 1)):
            with pytest.raises(PageNotDrawn):
                imager.draw(broken, None, page, 1, nobody_minds)


class TestAMark:
    @pytest.mark.parametrize("crop", [None, (40, 200, 380, 590)])
    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    def test_lies_on_its_words_and_on_no_others(
        self,
        imager: Imager,
        make_pdf: MakePdf,
        read_page: ReadPage,
        turn: int,
        crop: tuple[int, ...] | None,
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setPageRotation(turn)
            if crop:
                canvas.setCropBox(crop)
            canvas.setFont("Helvetica", 20)
            canvas.drawString(60, 500, "Herons stand still.")
            canvas.setFillColorRGB(1, 0, 0)
            canvas.drawString(60, 300, "Pelicans glide.")

        path = make_pdf(draw)
        page = read_page(path)
        start = page.text.index("Pelicans")
        plain = imager.draw(path, None, 1, 2, nobody_minds)
        picture = plain.copy()

        mark(picture, boxes_of(page.boxes, start, start + len("Pelicans glide.")))

        red = (plain[:, :, 0] > 250) & (plain[:, :, 1] < 100)
        changed = (picture != plain).any(axis=2)
        ink, marker = extent(red), extent(changed)
        assert (marker[:2] <= ink[:2]).all()
        assert (marker[2:] >= ink[2:]).all()
        assert (np.abs(marker - ink) < 30).all()
        left, top, right, bottom = ink
        inside = np.zeros_like(changed)
        inside[top : bottom + 1, left : right + 1] = True
        assert is_coloured(picture, COLOUR)[is_coloured(plain, (255, 255, 255)) & inside].all()
        # What is written stays as readable as it was.
        assert (picture[red][:, 0] > 250).all()
        assert (picture[red][:, 1] < 100).all()

    def test_is_no_darker_where_boxes_overlap(self) -> None:
        picture = np.full((100, 100, 3), 255, np.uint8)

        mark(picture, [(0.1, 0.1, 0.5, 0.5), (0.4, 0.4, 0.9, 0.9)])

        assert set(map(tuple, picture.reshape(-1, 3).tolist())) == {(255, 255, 255), COLOUR}
        assert is_coloured(picture, COLOUR).sum() == 40 * 40 + 50 * 50 - 10 * 10

    def test_ends_where_a_page_says_that_each_character_is_a_line(self) -> None:
        picture = np.full((10, 10, 3), 255, np.uint8)
        lines = iter([(0.1, 0.1, 0.2, 0.2)] * 1_000_000)

        mark(picture, lines)

        assert next(lines, None) is not None
        assert is_coloured(picture, COLOUR).sum() == 1

    def test_of_nothing_changes_nothing(self) -> None:
        picture = np.full((10, 10, 3), 255, np.uint8)

        mark(picture, [])

        assert (picture == 255).all()


class TestAHostileFile:
    @pytest.mark.parametrize(
        "mode",
        [
            "hang", "spin", "die", "exhaust", "rave", "flood",
            "short", "huge", "empty", "negative", "endless", "list", "silent",
        ],
    )  # fmt: skip
    def test_is_not_drawn(
        self, hostile: Callable[[str], Imager], tmp_path: Path, mode: str
    ) -> None:
        with pytest.raises(PageNotDrawn):
            hostile(mode).draw(tmp_path / "any.pdf", None, 1, 1, nobody_minds)

    def test_is_tried_again_when_its_process_was_killed(
        self, hostile: Callable[[str, ImageSettings], Imager], tmp_path: Path
    ) -> None:
        picture = hostile("die-once", HASTY).draw(tmp_path / "a.pdf", None, 1, 1, nobody_minds)

        assert picture.shape == (1, 2, 3)

    def test_sees_nothing_of_the_environment(
        self, hostile: Callable[[str], Imager], tmp_path: Path
    ) -> None:
        picture = hostile("environment").draw(tmp_path / "a.pdf", None, 1, 1, nobody_minds)

        assert picture.shape == (1, len(ENVIRONMENT), 3)

    @pytest.mark.parametrize("mode", ["die-at-start", "unconfined"])
    def test_is_not_blamed_for_a_process_that_does_not_start(
        self, hostile: Callable[[str], Imager], tmp_path: Path, mode: str
    ) -> None:
        with pytest.raises(Unavailable):
            hostile(mode).draw(tmp_path / "a.pdf", None, 1, 1, nobody_minds)

    def test_is_not_blamed_for_a_command_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable):
            Imager(HASTY, ("/nowhere",)).draw(tmp_path / "a.pdf", None, 1, 1, nobody_minds)


class TestADrawing:
    def test_ends_when_nobody_waits_for_it(
        self, hostile: Callable[[str, ImageSettings], Imager], tmp_path: Path
    ) -> None:
        asked = []

        def leave() -> None:
            asked.append(1)
            if len(asked) > 1:
                raise ClientGone

        with pytest.raises(ClientGone):
            hostile("hang", ImageSettings(seconds=3600)).draw(tmp_path / "a", None, 1, 1, leave)

    def test_ends_when_the_service_stops(
        self, hostile: Callable[[str, ImageSettings], Imager], tmp_path: Path
    ) -> None:
        imager = hostile("hang", ImageSettings(seconds=3600))
        checks = 0

        def stop() -> None:
            nonlocal checks
            checks += 1
            if checks > 1:
                imager.stop()

        with pytest.raises(ShuttingDown):
            imager.draw(tmp_path / "a.pdf", None, 1, 1, stop)

    def test_is_of_a_process_of_its_own_that_ends_with_it(
        self, imager: Imager, make_pdf: MakePdf
    ) -> None:
        path = make_pdf(lambda canvas: canvas.drawString(50, 500, "Pelican"))
        imager.draw(path, None, 1, 1, nobody_minds)
        [waiting] = [child.pid for child in imager._spares._waiting]
        imager.draw(path, None, 1, 1, nobody_minds)
        [next_one] = [child.pid for child in imager._spares._waiting]
        imager.close()

        assert waiting != next_one
        assert is_gone(waiting)
        assert is_gone(next_one)

    def test_can_be_done_by_a_few_threads_at_once(self, imager: Imager, make_pdf: MakePdf) -> None:
        path = make_pdf(lambda canvas: canvas.drawString(50, 500, "Pelican"))
        shapes = []

        def draw() -> None:
            shapes.append(imager.draw(path, None, 1, 1, nobody_minds).shape)

        threads = [threading.Thread(target=draw) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert shapes == [(900, 600, 3)] * 3

    def test_does_not_outlive_its_parent(self) -> None:
        program = (
            "import os; from ingestion import child, imaging;"
            "print(child.Child(imaging.IMAGER, frame_limit=1).pid, flush=True); os._exit(0)"
        )
        root = Path(__file__).parents[2]
        said = subprocess.run(
            [sys.executable, "-c", program], cwd=root, capture_output=True, check=True, text=True
        ).stdout

        assert is_gone(int(said))
