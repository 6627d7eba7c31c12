"""Twenty different PDFs, the same bytes whenever they are made, each with a fact of its own."""

import io
import random
from dataclasses import dataclass, replace

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

SUBJECTS = (
    *("lighthouse", "beehive", "glacier", "accordion", "submarine", "vineyard", "telescope"),
    *("volcano", "bicycle", "cathedral", "penguin", "sawmill", "violin", "reservoir", "windmill"),
    *("observatory", "tramway", "orchard", "printing press", "harbour crane"),
)
PAGES = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 20, 26, 40, 60)
ENCRYPTED = (5, 13)
SYLLABLES = ("bra", "dul", "fen", "gor", "kel", "lim", "nov", "pra", "sut", "tev", "wix", "zan")
WHO = ("The board", "A clerk", "Every member", "The auditor", "One engineer", "The committee")
DID = ("approved", "rejected", "measured", "described", "postponed", "repeated", "corrected")
WHAT = ("the budget", "an inspection", "two repairs", "the timetable", "a survey", "the minutes")
WHEN = ("before noon", "in the autumn", "after the storm", "without delay", "twice that year")
LINES = 16


@dataclass(frozen=True)
class Paper:
    """A file, and what a search is to find in it."""

    number: int
    pages: int
    password: str | None = None
    # A later version: its last page says something else.
    amended: bool = False

    @property
    def subject(self) -> str:
        return SUBJECTS[self.number % len(SUBJECTS)]

    @property
    def is_middling(self) -> bool:
        """Whether it takes a while, but not long, and no password: for what people do to files."""
        return 3 < self.pages < 25 and self.password is None

    @property
    def name(self) -> str:
        return f"paper-{self.number:02}.pdf"

    @property
    def word(self) -> str:
        """A word that no other paper has."""
        dice = random.Random(f"word {self.number}")
        return f"{''.join(dice.sample(SYLLABLES, 3))}{self.number:02}"

    @property
    def fact(self) -> str:
        return f"The {self.subject} called {self.word} was built by hand."

    @property
    def fact_page(self) -> int:
        return (self.pages + 1) // 2

    def as_amended(self) -> "Paper":
        return replace(self, amended=True)

    def pdf(self) -> bytes:
        """Return the file's bytes, which depend on nothing but this paper."""
        buffer = io.BytesIO()
        lock = StandardEncryption(self.password, strength=128) if self.password else None
        canvas = Canvas(buffer, invariant=1, encrypt=lock)
        canvas.setTitle(f"Report {self.number} about a {self.subject}")
        for page in range(1, self.pages + 1):
            for line, text in enumerate(self._lines(page)):
                canvas.drawString(60, 780 - 18 * line, text)
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    def _lines(self, page: int) -> list[str]:
        if page == self.fact_page:
            where = f"It stands near {self.word}, and people come to see it."
            return [f"The {self.subject}", self.fact, where]
        edition = "amended" if self.amended and page == self.pages else "first"
        dice = random.Random(f"{self.number} {page} {edition}")
        return [
            f"{dice.choice(WHO)} {dice.choice(DID)} {dice.choice(WHAT)} {dice.choice(WHEN)}, "
            f"as entry {dice.randrange(10_000)} of page {page} tells."
            for _ in range(LINES)
        ]


def all_papers() -> list[Paper]:
    return [
        Paper(number, pages, password=f"secret {number}" if number in ENCRYPTED else None)
        for number, pages in enumerate(PAGES)
    ]
