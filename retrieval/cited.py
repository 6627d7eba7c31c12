"""The sentences of an answer, and what in them is said for which source."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from data.sentences import sentences_of
from retrieval.markers import PLAIN

_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"\w+")
# A marker behind fewer words stands for the whole sentence.
_FEWEST_WORDS = 3


@dataclass(slots=True)
class CitedSentence:
    """A sentence of an answer: its range, its words without markers, the sources it names."""

    start: int
    end: int
    text: str
    # Each source that it names, once and in order, with the words before its markers.
    parts: dict[int, str] = field(default_factory=dict)

    def part(self, number: int) -> str:
        """Return the words that a source is cited for: all of them, if it is the only one."""
        part = self.parts[number]
        alone = len(self.parts) == 1 or len(_WORD.findall(part)) < _FEWEST_WORDS
        return self.text if alone else part


def cited_sentences(answer: str, sources: int) -> list[CitedSentence]:
    """Return the sentences; a marker behind a full stop belongs to the sentence before it.

    What has no word in it, a line of a table's or a code block's frame, is no sentence.
    """
    markers = [match for match in PLAIN.finditer(answer) if int(match[1]) <= sources]
    # Blanks of the same length: the offsets stay.
    blank = PLAIN.sub(lambda match: " " * len(match.group()), answer)
    # Models break lines only to end something, so no sentence runs on over one.
    sentences = [
        CitedSentence(line.start() + start, line.start() + end, line.group()[start:end])
        for line in _LINE.finditer(blank)
        for start, end in sentences_of(line.group())
        if _WORD.search(line.group(), start, end)
    ]
    starts = [sentence.start for sentence in sentences]
    part, before = "", 0
    for marker in markers if sentences else ():
        behind = bisect_right(starts, marker.start())
        begins_a_line = "\n" in answer[sentences[behind - 1].end : marker.start()]
        if behind == 0 or (begins_a_line and behind < len(sentences)):
            behind += 1
        sentence, number = sentences[behind - 1], int(marker[1])
        words = blank[max(before, sentence.start) : marker.start()]
        if not sentence.parts or _WORD.search(words):
            part = words
        sentence.parts[number] = f"{sentence.parts.get(number, '')}{part}"
        sentence.start = min(sentence.start, marker.start())
        sentence.end = max(sentence.end, marker.end())
        before = marker.end()
    return sentences
