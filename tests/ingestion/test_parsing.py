"""The killable parser process, with real children and real PDFs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from data.contents import FileFacts
from data.errors import FootnoteError, Unavailable
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
from ingestion.child import ENVIRONMENT
from ingestion.parsers.frames import LENGTHS, Frame, encoded
from ingestion.parsing import ParserProcess

Hostile = Callable[[str], Sequence[str]]
MakePdf = Callable[..., Path]
SETTINGS = ParsingSettings(open_seconds=20, page_seconds=20)
HASTY = ParsingSettings(open_seconds=1, page_seconds=1)
UNLOCK = "correct horse"


def say(text: str) -> Callable[[Canvas], None]:
    return lambda canvas: canvas.drawString(50, 500, text)


@pytest.fixture
def some_file(tmp_path: Path) -> Path:
    path = tmp_path / "some.pdf"
    path.write_bytes(b"not empty")
    return path


def running_children() -> list[str]:
    """The processes that this one has started and that are still there, zombies too."""
    mine = Path(f"/proc/{os.getpid()}/task")
    return [pid for task in mine.iterdir() for pid in (task / "children").read_text().split()]


class TestReading:
    def test_yields_the_pages_in_order(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("first"), say("second"), say("third"))

        with ParserProcess(path, SETTINGS) as parser:
            facts = parser.open()
            pages = list(parser.pages(1, 3))

        assert facts.pages == 3
        assert [(page.number, page.text) for page in pages] == [
            (1, "first"), (2, "second"), (3, "third"),
        ]  # fmt: skip

    def test_gives_the_title_of_the_file(self, make_pdf: MakePdf) -> None:
        path = make_pdf(lambda canvas: canvas.setTitle("Über  Pelikane"))

        with ParserProcess(path, SETTINGS) as parser:
            assert parser.open() == FileFacts(1, "Über Pelikane")

    def test_reads_the_same_in_any_number_of_processes(self, make_pdf: MakePdf) -> None:
        path = make_pdf(*(say(f"This is page {number}.") for number in range(1, 8)))

        with ParserProcess(path, SETTINGS) as parser:
            at_once = list(parser.pages(1, 7))
        with ParserProcess(path, ParsingSettings(pages_per_process=2)) as parser:
            by_twos = [*parser.pages(1, 3), *parser.pages(4, 7)]

        assert by_twos == at_once

    def test_replaces_the_process_after_so_many_pages(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        settings = ParsingSettings(pages_per_process=2)

        with ParserProcess(some_file, settings, command=hostile("none")) as parser:
            pages = list(parser.pages(1, 5))

        processes = [page.text.rpartition(" ")[2] for page in pages]
        assert processes[0] == processes[1] != processes[2] == processes[3] != processes[4]

    def test_goes_on_after_a_reader_that_stopped_in_the_middle(self, make_pdf: MakePdf) -> None:
        path = make_pdf(*(say(f"This is page {number}.") for number in range(1, 6)))

        with ParserProcess(path, SETTINGS) as parser:
            abandoned = parser.pages(1, 5)
            next(abandoned)
            page = next(parser.pages(4, 5))

        assert page.text == "This is page 4."

    def test_refuses_pages_that_are_not_there(self, make_pdf: MakePdf) -> None:
        with (
            ParserProcess(make_pdf(say("only")), SETTINGS) as parser,
            pytest.raises(ValueError, match="no pages 1 to 2"),
        ):
            parser.pages(1, 2)

    def test_opens_an_encrypted_file_with_its_password(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("secret"), encrypt=StandardEncryption(UNLOCK, strength=128))

        with ParserProcess(path, SETTINGS, UNLOCK) as parser:
            assert [page.text for page in parser.pages(1, 1)] == ["secret"]


class TestRefusing:
    def test_an_empty_file(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.pdf"
        path.touch()

        with ParserProcess(path, SETTINGS) as parser, pytest.raises(EmptyFile):
            parser.open()

    @pytest.mark.parametrize("content", [b"Not a PDF at all.", b"%PDF-1.7\n%%EOF", b"\0" * 5000])
    def test_what_is_no_pdf(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "garbage.pdf"
        path.write_bytes(content)

        with ParserProcess(path, SETTINGS) as parser, pytest.raises(UnreadableFile):
            parser.open()

    def test_a_file_of_no_pages(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("gone"))
        path.write_bytes(path.read_bytes().replace(b"/Count 1 /Kids [ ", b"/Count 0 /Kids [] %"))

        with ParserProcess(path, SETTINGS) as parser, pytest.raises(UnreadableFile):
            parser.open()

    def test_an_encrypted_file_without_or_with_a_wrong_password(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("secret"), encrypt=StandardEncryption(UNLOCK, strength=128))

        with ParserProcess(path, SETTINGS) as parser, pytest.raises(PasswordRequired):
            parser.open()
        with ParserProcess(path, SETTINGS, "wrong") as parser, pytest.raises(WrongPassword):
            parser.open()

    def test_a_file_of_too_many_pages(self, make_pdf: MakePdf) -> None:
        path = make_pdf(say("one"), say("two"), say("three"))

        with (
            ParserProcess(path, ParsingSettings(max_pages=2)) as parser,
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
        # More than what this process has, which Linux counts into its children's.
        settings = ParsingSettings(open_seconds=5, memory_bytes=2 << 30)

        with (
            ParserProcess(some_file, settings, command=hostile(mode)) as parser,
            pytest.raises(error),
        ):
            parser.open()

        assert running_children() == []

    def test_a_file_whose_opening_takes_too_much_processor_time(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        settings = ParsingSettings(cpu_seconds=1)

        with (
            ParserProcess(some_file, settings, command=hostile("spin-at-open")) as parser,
            pytest.raises(ParserTimeout),
        ):
            parser.open()

    @pytest.mark.parametrize(
        "answer",
        [
            b"no frame" * 99,
            b"\xff" * 99,
            encoded(Frame({})),
            encoded(Frame({"pages": None, "title": None})),
            LENGTHS.pack(2, 0) + b"[]",
            b"",
        ],
        ids=["text", "too long", "no facts", "no number", "no header", "nothing"],
    )
    def test_an_answer_that_is_none(self, some_file: Path, answer: bytes) -> None:
        command = (sys.executable, "-c", f"import sys; sys.stdout.buffer.write({answer!r})")

        with (
            ParserProcess(some_file, SETTINGS, command=command) as parser,
            pytest.raises(UnreadableFile),
        ):
            parser.open()

    def test_to_start_what_can_not_be_started(self, some_file: Path) -> None:
        with (
            ParserProcess(some_file, SETTINGS, command=["/nowhere/python"]) as parser,
            pytest.raises(Unavailable),
        ):
            parser.open()


class TestABadPage:
    @pytest.mark.parametrize("mode", ["hang", "die", "spin", "exhaust"])
    def test_comes_empty_with_a_warning_after_two_tries(
        self, some_file: Path, hostile: Hostile, mode: str
    ) -> None:
        with ParserProcess(some_file, HASTY, command=hostile(mode)) as parser:
            pages = list(parser.pages(1, 5))

        assert [page.number for page in pages] == [1, 2, 3, 4, 5]
        assert [page.warning for page in pages] == [None, None, "page_unreadable", None, None]
        assert pages[2].text == ""
        assert running_children() == []

    def test_is_read_after_all_when_the_second_try_succeeds(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with ParserProcess(some_file, SETTINGS, command=hostile("die-once")) as parser:
            pages = list(parser.pages(1, 5))

        assert [page.warning for page in pages] == [None] * 5
        assert pages[1].text.split()[-1] != pages[2].text.split()[-1]

    def test_can_not_disturb_the_frames_by_printing(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with ParserProcess(some_file, SETTINGS, command=hostile("chatter")) as parser:
            processes = {page.text.split()[-1] for page in parser.pages(1, 5)}

        assert len(processes) == 1


class TestConfinement:
    def test_the_child_may_write_no_file(
        self, some_file: Path, hostile: Hostile, tmp_path: Path
    ) -> None:
        with (
            ParserProcess(some_file, SETTINGS, command=hostile("write-at-open")) as parser,
            pytest.raises(UnreadableFile),
        ):
            parser.open()

        assert (tmp_path / "marker").read_bytes() == b""

    def test_the_child_gets_nothing_of_the_environment(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with ParserProcess(some_file, SETTINGS, command=hostile("secrets")) as parser:
            title = parser.open().title

        # Python itself sets LC_CTYPE where the locale is "C".
        assert set((title or "").split()) - {"LC_CTYPE"} == set(ENVIRONMENT)

    def test_the_password_is_not_among_the_arguments(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        with ParserProcess(some_file, SETTINGS, UNLOCK, command=hostile("password")) as parser:
            title = parser.open().title or ""

        assert title.count(UNLOCK) == 1
        assert title.startswith(UNLOCK)


class TestEnding:
    def test_leaves_no_process_when_the_reader_fails(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        def read() -> None:
            with ParserProcess(some_file, SETTINGS, command=hostile("none")) as parser:
                for page in parser.pages(1, 5):
                    raise RuntimeError(page.text)

        with pytest.raises(RuntimeError, match="Page 1"):
            read()

        assert running_children() == []

    def test_leaves_no_process_when_the_pages_are_abandoned(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        parser = ParserProcess(some_file, SETTINGS, command=hostile("none"))
        pages = parser.pages(1, 5)
        next(pages)
        del pages

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
from ingestion.parsers.frames import LENGTHS, Frame, encoded
from ingestion.parsing import ParserProcess
parser = ParserProcess(Path(sys.argv[1]), ParsingSettings(), command=sys.argv[2:])
pages = parser.pages(1, 5)
print(next(pages).text.split()[-1], flush=True)
list(pages)
"""


def is_gone(pid: int) -> bool:
    """Wait for a process that is no child of ours; one that nobody reaps counts as gone."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
