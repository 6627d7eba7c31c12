"""The killable parser process, with real children and real PDFs."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from data.contents import Page
from data.errors import ClaimLost, FootnoteError, Unavailable
from data.file_errors import (
    EmptyFile,
    ParserOutOfMemory,
    ParserTimeout,
    PasswordRequired,
    TooManyPages,
    UnreadableFile,
    WrongPassword,
)
from data.settings import ParsingSettings
from ingestion.child import ENVIRONMENT, PARSER
from ingestion.parsers.frames import HEADER_LIMIT, LENGTHS, Frame, encoded
from ingestion.parsing import ParserProcess, frame_limit
from ingestion.spares import Spares
from tests.processes import is_gone

Hostile = Callable[[str], Sequence[str]]
MakePdf = Callable[..., Path]
SETTINGS = ParsingSettings(open_seconds=20, page_seconds=20)
FOREVER = ParsingSettings(open_seconds=3600, page_seconds=3600)
HASTY = ParsingSettings(page_seconds=2, ocr_page_seconds=2)
UNLOCK = "correct horse"
CONFINED = encoded(Frame({"confined": True}))


def say(text: str) -> Callable[[Canvas], None]:
    return lambda canvas: canvas.drawString(50, 500, text)


def parser_of(
    path: Path,
    settings: ParsingSettings = SETTINGS,
    password: str | None = None,
    *,
    command: Sequence[str] = PARSER,
    check: Callable[[], None] = lambda: None,
) -> ParserProcess:
    spares = Spares(frame_limit(settings), 0, command)
    return ParserProcess(path, settings, password, spares, check)


def read(parser: ParserProcess, first: int, last: int, *, ocr: bool = False) -> list[Page]:
    """Take these pages, each after as many tries as it needs."""
    parser.ask(range(first, last + 1), ocr=ocr)
    pages = []
    while parser.ahead:
        page = parser.attempt()
        if page is not None:
            pages.append(page)
    return pages


def saying(answer: bytes) -> Sequence[str]:
    """Return the command of a parser that says this and ends."""
    return (sys.executable, "-c", f"import sys; sys.stdout.buffer.write({answer!r})")


@pytest.fixture
def some_file(tmp_path: Path) -> Path:
    path = tmp_path / "some.pdf"
    path.write_bytes(b"not empty")
    return path


# The processes that this one had before the test: those of other tests' servers.
BEFORE: set[str] = set()


@pytest.fixture(autouse=True)
def note_children() -> None:
    BEFORE.clear()
    BEFORE.update(running_children())


def running_children() -> list[str]:
    """The processes that a test has started and that are still there, zombies too."""
    mine = Path(f"/proc/{os.getpid()}/task")
    children = {pid for task in mine.iterdir() for pid in (task / "children").read_text().split()}
    return sorted(children - BEFORE)


def facts_saying(pages: bytes, title: bytes = b"null") -> bytes:
    """Return the frame of a parser that says so many pages, in JSON, and a title."""
    said = b'{"pages": %b, "title": %b, "author": null, "created": null, "outline": []}'
    return encoded(Frame({}, said % (pages, title)))


class TestReading:
    def test_yields_the_pages_in_order(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("first"), say("second"), say("third"))

        with parser_of(path, SETTINGS) as parser:
            facts = parser.open()
            pages = read(parser, 1, 3)

        assert facts.pages == 3
        assert [(page.number, page.text) for page in pages] == [
            (1, "first"), (2, "second"), (3, "third"),
        ]  # fmt: skip

    def test_gives_the_title_of_the_file(self, make_pdf: MakePdf) -> None:
        path = make_pdf(lambda canvas: canvas.setTitle("Über  Pelikane"))

        with parser_of(path, SETTINGS) as parser:
            facts = parser.open()

        assert (facts.pages, facts.title) == (1, "Über Pelikane")

    def test_replaces_a_process_that_has_worked_for_long(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        # Each page takes 0.3 s of it; at 1 s a process dies.
        settings = ParsingSettings(cpu_seconds=1)

        with parser_of(some_file, settings, command=hostile("work")) as parser:
            parser.ask(range(1, 5), ocr=False)
            attempts = [parser.attempt() for _ in range(4)]

        assert [page and page.number for page in attempts] == [1, 2, 3, 4]

    def test_takes_what_it_was_asked_for_while_it_opened_the_file(self, make_pdf: MakePdf) -> None:
        with parser_of(make_pdf(say("one"), say("two"))) as parser:
            parser.ask([2], ocr=False)
            parser.ask([1], ocr=False)
            first = parser.attempt()
            assert parser.is_open
            pages = [first, parser.attempt()]

        assert [page.text for page in pages if page] == ["two", "one"]

    def test_opens_an_encrypted_file_with_its_password(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("secret"), encrypt=StandardEncryption(UNLOCK, strength=128))

        with parser_of(path, SETTINGS, UNLOCK) as parser:
            assert [page.text for page in read(parser, 1, 1)] == ["secret"]


class TestRefusing:
    def test_an_empty_file(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.pdf"
        path.touch()

        with parser_of(path, SETTINGS) as parser, pytest.raises(EmptyFile):
            parser.open()

    @pytest.mark.parametrize("content", [b"Not a PDF at all.", b"%PDF-1.7\n%%EOF", b"\0" * 5000])
    def test_what_is_no_pdf(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "garbage.pdf"
        path.write_bytes(content)

        with parser_of(path, SETTINGS) as parser, pytest.raises(UnreadableFile):
            parser.open()

    def test_a_file_of_no_pages(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("gone"))
        path.write_bytes(path.read_bytes().replace(b"/Count 1 /Kids [ ", b"/Count 0 /Kids [] %"))

        with parser_of(path, SETTINGS) as parser, pytest.raises(UnreadableFile):
            parser.open()

    def test_an_encrypted_file_without_or_with_a_wrong_password(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("secret"), encrypt=StandardEncryption(UNLOCK, strength=128))

        with parser_of(path, SETTINGS) as parser, pytest.raises(PasswordRequired):
            parser.open()
        with parser_of(path, SETTINGS, "wrong") as parser, pytest.raises(WrongPassword):
            parser.open()

    def test_a_file_of_too_many_pages(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("one"), say("two"), say("three"))

        with (
            parser_of(path, ParsingSettings(max_pages=2)) as parser,
            pytest.raises(TooManyPages) as caught,
        ):
            parser.open()

        assert caught.value.details == {"pages": 3, "limit": 2}

    @pytest.mark.parametrize(
        ("mode", "error"),
        [
            ("hang-at-open", ParserTimeout),
            ("die-at-open", UnreadableFile),
            ("exhaust-at-open", ParserOutOfMemory),
            ("fill-at-open", ParserOutOfMemory),
            ("killed-at-open", ParserOutOfMemory),
        ],
    )
    def test_a_file_whose_opening_ends_the_process(
        self, some_file: Path, hostile: Hostile, mode: str, error: type[FootnoteError]
    ) -> None:
        # Twice what this process has, which Linux counts into its children's, is not enough.
        size = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = 2 if mode.startswith("hang") else 60
        settings = ParsingSettings(open_seconds=seconds, memory_bytes=max(1 << 30, 3 * size))

        with (
            parser_of(some_file, settings, command=hostile(mode)) as parser,
            pytest.raises(error),
        ):
            parser.open()

        assert running_children() == []

    def test_a_file_whose_opening_takes_too_much_processor_time(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        settings = ParsingSettings(cpu_seconds=1)

        with (
            parser_of(some_file, settings, command=hostile("spin-at-open")) as parser,
            pytest.raises(ParserTimeout),
        ):
            parser.open()

    @pytest.mark.parametrize(
        "answer",
        [
            b"no frame" * 99,
            b"\xff" * 99,
            encoded(Frame({})),
            CONFINED + encoded(Frame({})),
            CONFINED + facts_saying(b"null"),
            CONFINED + facts_saying(b"Infinity"),
            CONFINED + facts_saying(b"0"),
            CONFINED + encoded(Frame({"pages": 1, "title": "x" * HEADER_LIMIT})),
            CONFINED + LENGTHS.pack(2, 0) + b"[]",
            CONFINED,
        ],
        ids=[
            "text", "too long", "not confined", "no facts", "no number", "infinity", "no page",
            "long header", "no header", "nothing",
        ],
    )  # fmt: skip
    def test_an_answer_that_is_none(self, some_file: Path, answer: bytes) -> None:
        with (
            parser_of(some_file, SETTINGS, command=saying(answer)) as parser,
            pytest.raises(UnreadableFile),
        ):
            parser.open()

    def test_a_title_that_can_not_be_stored_is_cleaned(self, some_file: Path) -> None:
        title = b'"a\\u0000b\\ud800' + b"c" * 1000 + b'"'
        answer = CONFINED + facts_saying(b"1", title)

        with parser_of(some_file, SETTINGS, command=saying(answer)) as parser:
            facts = parser.open()

        assert facts.title == ("ab?" + "c" * 1000)[:499]

    def test_to_blame_the_file_for_a_process_that_never_saw_it(self, some_file: Path) -> None:
        with (
            parser_of(some_file, SETTINGS, command=saying(b"")) as parser,
            pytest.raises(Unavailable),
        ):
            parser.open()

    def test_to_blame_the_file_for_a_process_that_someone_else_killed(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with parser_of(some_file, SETTINGS, command=hostile("killed-at-open-once")) as parser:
            assert parser.open().pages == 5

    def test_to_start_what_can_not_be_started(self, some_file: Path) -> None:
        with (
            parser_of(some_file, SETTINGS, command=["/nowhere/python"]) as parser,
            pytest.raises(Unavailable),
        ):
            parser.open()


class TestWaiting:
    @pytest.mark.parametrize("mode", ["hang", "hang-at-open"])
    def test_ends_as_soon_as_nobody_wants_the_page(
        self, some_file: Path, hostile: Hostile, mode: str
    ) -> None:
        calls = 0

        def check() -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise ClaimLost

        def read_it() -> None:
            with parser_of(some_file, FOREVER, command=hostile(mode), check=check) as parser:
                read(parser, 1, 5)

        with pytest.raises(ClaimLost):
            read_it()

        assert running_children() == []


class TestABadPage:
    @pytest.mark.parametrize("mode", ["hang", "die", "spin", "exhaust"])
    def test_comes_empty_with_a_warning_after_two_tries(
        self, some_file: Path, hostile: Hostile, mode: str
    ) -> None:
        with parser_of(some_file, HASTY, command=hostile(mode)) as parser:
            pages = read(parser, 1, 5)

        assert [page.number for page in pages] == [1, 2, 3, 4, 5]
        assert [page.warning for page in pages] == [None, None, "page_unreadable", None, None]
        assert pages[2].text == ""
        assert running_children() == []

    def test_is_read_after_all_when_the_second_try_succeeds(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with parser_of(some_file, SETTINGS, command=hostile("die-once")) as parser:
            pages = read(parser, 1, 5)

        assert [page.warning for page in pages] == [None] * 5
        assert pages[1].text.split()[-1] != pages[2].text.split()[-1]

    @pytest.mark.parametrize("mode", ["rave", "flood", "repeat"])
    def test_may_say_what_it_likes(self, some_file: Path, hostile: Hostile, mode: str) -> None:
        with parser_of(some_file, SETTINGS, command=hostile(mode)) as parser:
            pages = read(parser, 1, 5)

        assert [page.warning for page in pages] == [None, None, "page_unreadable", None, None]

    @pytest.mark.parametrize("mode", ["die-with-ocr", "hang-with-ocr"])
    def test_that_ends_the_process_with_ocr_is_read_without(
        self, some_file: Path, hostile: Hostile, mode: str
    ) -> None:
        with parser_of(some_file, HASTY, command=hostile(mode)) as parser:
            pages = read(parser, 2, 4, ocr=True)

        assert [page.warning for page in pages] == [None, "ocr_failed", None]
        assert [page.ocr for page in pages] == [True, False, True]
        assert pages[1].ocr_seconds > 0

    def test_can_not_disturb_the_frames_by_printing(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with parser_of(some_file, SETTINGS, command=hostile("chatter")) as parser:
            processes = {page.text.split()[-1] for page in read(parser, 1, 5)}

        assert len(processes) == 1


class TestConfinement:
    def test_the_child_may_write_no_file(
        self, some_file: Path, hostile: Hostile, tmp_path: Path
    ) -> None:
        with (
            parser_of(some_file, SETTINGS, command=hostile("write-at-open")) as parser,
            pytest.raises(UnreadableFile),
        ):
            parser.open()

        assert (tmp_path / "marker").read_bytes() == b""

    def test_the_child_gets_nothing_of_the_environment(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with parser_of(some_file, SETTINGS, command=hostile("secrets")) as parser:
            title = parser.open().title

        # Python itself sets LC_CTYPE where the locale is "C".
        assert set((title or "").split()) - {"LC_CTYPE"} == set(ENVIRONMENT)

    def test_the_password_is_not_among_the_arguments(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with parser_of(some_file, SETTINGS, UNLOCK, command=hostile("password")) as parser:
            title = parser.open().title or ""

        assert title.count(UNLOCK) == 1
        assert title.startswith(UNLOCK)


class TestEnding:
    def test_leaves_no_process_when_the_reader_fails(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        def fail() -> None:
            with parser_of(some_file, SETTINGS, command=hostile("none")) as parser:
                parser.ask([1, 2], ocr=False)
                page = parser.attempt()
                raise RuntimeError(page and page.text)

        with pytest.raises(RuntimeError, match="Page 1"):
            fail()

        assert running_children() == []

    def test_the_child_dies_with_a_parent_that_is_killed(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", ORPHAN, str(some_file), *hostile("hang")],
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        assert parent.stdout is not None
        child = int(parent.stdout.readline())

        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()

        assert is_gone(child)


ORPHAN = """
import sys
from pathlib import Path
from data.settings import ParsingSettings
from ingestion.parsers.frames import HEADER_LIMIT, LENGTHS, Frame, encoded
from ingestion.parsing import ParserProcess
from ingestion.spares import Spares
spares = Spares(1 << 20, 0, sys.argv[2:])
parser = ParserProcess(Path(sys.argv[1]), ParsingSettings(), None, spares, lambda: None)
parser.ask(range(1, 6), ocr=False)
print(parser.attempt().text.split()[-1], flush=True)
while True:
    parser.attempt()
"""
