"""A page becomes chunks: whole sentences of one section, as long as the embedder reads at once."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from data.contents import Chunk, Page, Profile, TokenStarts
from data.sentences import sentences_of
from data.settings import ChunkingSettings
from ingestion.blocks import Block, blocks_of
from ingestion.headers import Headers
from ingestion.layout import running_spans
from ingestion.outline import SEPARATOR, Outline, Section
from ingestion.packing import Piece, packed
from ingestion.splitting import split

# A word of no language is longer than this per token; a token may stand for any number of
# characters that the tokenizer does not know.
CHARACTERS_PER_TOKEN = 16

Span = tuple[int, int]


class Ruler:
    """Measures ranges of one text in tokens; the text is tokenised once."""

    def __init__(self, text: str, token_starts: TokenStarts) -> None:
        self._starts: Sequence[int] = token_starts(text)

    def tokens(self, start: int, end: int) -> int:
        """Return how many tokens a range counts as."""
        found = bisect_left(self._starts, end) - bisect_left(self._starts, start)
        return max(found, (end - start) // CHARACTERS_PER_TOKEN, 1)

    def of(self, ranges: Sequence[Span]) -> int:
        """Return how many tokens several ranges count as."""
        return sum(self.tokens(start, end) for start, end in ranges)


class Chunker:
    """Cut pages into chunks. The same page and profile always give the same chunks."""

    def __init__(self, token_starts: TokenStarts, settings: ChunkingSettings) -> None:
        self._token_starts = token_starts
        self._settings = settings
        longest = min(settings.max_header_tokens, settings.max_tokens // 2)
        self._headers = Headers(token_starts, longest)
        self._outline = Outline(())

    def chunks_of(self, page: Page, profile: Profile, first_number: int) -> list[Chunk]:
        """Return the page's chunks, numbered from ``first_number``; none for an empty page.

        Each begins with a heading or lies in one section whole. Running lines are in none. Tables
        are chunks of their own, with the table's head in each.
        """
        if not page.text.strip():
            return []
        if self._outline.headings is not profile.headings:
            self._outline = Outline(profile.headings)
        ruler = Ruler(page.text, self._token_starts)
        skipped = running_spans(page, profile)
        chunks: list[Chunk] = []
        for section in self._outline.sections(page):
            header = self._headers.of(profile.title, section.path)
            path = SEPARATOR.join(section.path)
            for ranges in self._cut(page, section, skipped, ruler, header.tokens):
                text = "\n".join(page.text[start:end] for start, end in ranges)
                number = first_number + len(chunks)
                embedded = f"{header.text}\n{text}"
                chunks.append(Chunk(number, page.number, ranges, path, text, embedded))
        return chunks

    def _cut(
        self, page: Page, section: Section, skipped: Sequence[Span], ruler: Ruler, taken: int
    ) -> Iterator[tuple[Span, ...]]:
        """Yield the ranges of each chunk of a section, whose header takes so many tokens."""
        least, longest = self._settings.min_tokens, self._settings.max_tokens
        for block in blocks_of(page, section, skipped, lambda one: ruler.of(one.stretches) < least):
            limit = max(1, (self._settings.max_table_tokens if block.is_table else longest) - taken)
            head, room = block.head, limit - ruler.of(block.head)
            if ruler.of(block.stretches) <= limit or room < limit // 2:
                head, room = (), limit
            for group in packed(list(_pieces(page.text, block, ruler, room)), room, least):
                ranges = _ranges(group)
                begins_later = head and ranges[0][0] >= head[-1][1]
                yield (*head, *ranges) if begins_later else ranges


def _pieces(text: str, block: Block, ruler: Ruler, limit: int) -> Iterator[Piece]:
    """Yield the sentences of a block, and the parts of those that are too long."""
    for stretch, (start, end) in enumerate(block.stretches):
        for first, last in sentences_of(text[start:end]):
            sentence = (start + first, start + last)
            tokens = ruler.tokens(*sentence)
            parts = [sentence] if tokens <= limit else split(text, *sentence, ruler.tokens, limit)
            for part in parts:
                ends = text.startswith("\n\n", part[1])
                yield Piece(*part, ruler.tokens(*part), ends, stretch)


def _ranges(group: Sequence[Piece]) -> tuple[Span, ...]:
    """Return the ranges of a group: one for each stretch that it lies in."""
    ranges: list[Span] = []
    stretch = -1
    for piece in group:
        if piece.stretch == stretch:
            ranges[-1] = (ranges[-1][0], piece.end)
        else:
            ranges.append((piece.start, piece.end))
        stretch = piece.stretch
    return tuple(ranges)
