"""A range of a file's pages, read by two parser processes when there are many."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from data.contents import FileFacts, Page
from data.settings import ParsingSettings
from ingestion.parsing import ParserProcess

# A second process takes about as long to start as these pages take to read.
WORTH_A_PROCESS = 24


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages of one file; raises what ``ParserProcess`` does."""

    path: Path
    settings: ParsingSettings
    password: str | None

    def read(self, first: int) -> tuple[FileFacts, list[Page]]:
        """Return what the file says of itself, and its next ``pages_per_process`` pages."""
        with ParserProcess(self.path, self.settings, self.password) as parser:
            facts = parser.open()
            last = min(first - 1 + self.settings.pages_per_process, facts.pages)
            pages = last - first + 1
            if pages < 2 * WORTH_A_PROCESS:
                return facts, list(parser.pages(first, last))
            middle = first - 1 + pages // 2
            with ThreadPoolExecutor(1, thread_name_prefix="parser") as beside:
                rest = beside.submit(self._range, middle + 1, last)
                return facts, [*parser.pages(first, middle), *rest.result()]

    def _range(self, first: int, last: int) -> list[Page]:
        with ParserProcess(self.path, self.settings, self.password) as parser:
            parser.open()
            return list(parser.pages(first, last))
