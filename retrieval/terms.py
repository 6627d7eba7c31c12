"""Terms of accounts and companies that mean the same, whichever of them is asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from retrieval.words import words_of

# A line each; the first is what reports call it. Only what an accountant would call the same.
_SAME = """
purchases of property, plant and equipment = capital expenditure = capex = capital spending
 = additions to property, plant and equipment = acquisitions of property, plant and equipment
 = payments for property, plant and equipment = payments to acquire property, plant and equipment
property, plant and equipment = PP&E = PPE = PPNE = fixed assets
revenue = net sales = sales = turnover = top line
net income = net earnings = net profit = profit for the year = bottom line
operating income = operating profit = income from operations = earnings from operations
gross profit = gross margin
cost of sales = cost of goods sold = COGS = cost of revenue = cost of products sold
selling, general and administrative = SG&A
research and development = R&D
depreciation and amortization = D&A
earnings per share = EPS = net income per share
income taxes = income tax expense = provision for income taxes = income tax provision
accounts receivable = trade receivables
accounts payable = trade payables
shareholders' equity = stockholders' equity = shareowners' equity
net cash provided by operating activities = operating cash flow = cash flow from operations
 = cash flows from operating activities = net cash provided by (used in) operating activities
purchases of treasury stock = share repurchases = stock repurchases = buybacks
 = repurchases of common stock
mergers and acquisitions = M&A
foreign exchange = FX = foreign currency
chief executive officer = CEO
chief financial officer = CFO
chief operating officer = COO
employees = headcount = workforce
headquarters = head office
"""
_JOINT = re.compile(r"(?<=\w)&(?=\w)")

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A term that a question uses: its words there, and what else it is called."""

    asked: frozenset[str]
    names: tuple[str, ...]
    others: tuple[Stems, ...]

    def is_in(self, text: str) -> bool:
        """Whether a text has it by another name."""
        stems = _stems(text)
        return any(_has(stems, other) for other in self.others)


def terms_of(question: str) -> list[Term]:
    """Return the terms of a question that have other names."""
    stems = _stems(question)
    found: list[Term] = []
    for names in _groups():
        asked = [name for name, words in names if _has(stems, words)]
        if asked:
            others = [(name, words) for name, words in names if name not in asked]
            words = frozenset(word for name in asked for word in words_of(name))
            found.append(
                Term(words, tuple(name for name, _ in others), tuple(each for _, each in others))
            )
    return found


@cache
def _groups() -> tuple[tuple[tuple[str, Stems], ...], ...]:
    lines = _SAME.replace("\n =", " =").strip().split("\n")
    return tuple(tuple((name, _stems(name)) for name in line.split(" = ")) for line in lines)


def _stems(text: str) -> Stems:
    return tuple(words_of(_JOINT.sub("", text)))


def _has(stems: Stems, phrase: Stems) -> bool:
    return any(stems[at : at + len(phrase)] == phrase for at in _starts(stems, phrase[0]))


def _starts(stems: Stems, word: str) -> Iterator[int]:
    return (at for at, stem in enumerate(stems) if stem == word)
