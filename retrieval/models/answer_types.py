"""What kind of thing a question asks for, and whether a sentence has one to offer."""

import re
from dataclasses import dataclass
from typing import Self

_MONTHS = "|".join(
    (
        "january february march april may june july august september october november december "
        "januar februar märz mai juni juli oktober dezember "
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ).split()
)
_COUNTS = "|".join(
    (
        "one two three four five six seven eight nine ten eleven twelve dozen twenty thirty forty "
        "fifty sixty seventy eighty ninety hundred thousand million billion trillion half third "
        "quarter once twice"
    ).split()
)


_FIGURE = re.compile(rf"\d[\d.,]*|\b(?:{_COUNTS})s?\b", re.IGNORECASE)
_TIME = re.compile(
    rf"\b[12]\d{{3}}s?\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d|\b(?:{_MONTHS})\b"
    r"|\bcentur(?:y|ies)\b|\d\s?[年月世]",
    re.IGNORECASE,
)
# Capitals inside of a sentence; at its start everyone has one.
_NAME = re.compile(r"(?<=[^.!?…\s\"'“‘(] )[^\W\d_a-zà-öø-ÿ][\w'’.-]*")
_WORD = re.compile(r"\w+")
_KINDS = (
    (
        re.compile(
            r"\b(?:when|(?:what|which) (?:\w+ )?(?:year|date|day|month|decade|century)"
            r"|wann|in welchem jahr|cuándo|en qué año)\b|何时|什么时候|哪一?年"
        ),
        _TIME,
    ),
    (
        re.compile(
            r"\bhow (?:many|much|long|large|big|old|far|high|tall|wide|deep|fast|often)\b"
            r"|\b(?:what|which)\b.{0,60}"
            r"\b(?:percent|percentage|amount|number of|ratio|rate|proportion)\b"
            r"|\bwie ?(?:viele?|lange?|groß|alt|hoch|weit)\b|\bcuánt[oa]s?\b|多少|几"
        ),
        _FIGURE,
    ),
    (re.compile(r"\bwho(?:m|se)?\b|\bwe[rnm]\b|\bquién(?:es)?\b"), _NAME),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """The form that an answer has to have; none is expected of most."""

    form: re.Pattern[str] | None
    # The question's own words: repeating them answers nothing.
    asked: frozenset[str]

    @classmethod
    def of(cls, question: str) -> Self:
        """Return what the question asks for: a time, a number, a name."""
        text = question.casefold()
        form = next((form for kind, form in _KINDS if kind.search(text)), None)
        return cls(form, frozenset(_WORD.findall(text)))

    def is_in(self, sentence: str) -> bool:
        """Whether the sentence has something of that form that the question does not."""
        if self.form is None:
            return False
        found = (match.group().casefold() for match in self.form.finditer(sentence))
        return any(not self.asked.issuperset(_WORD.findall(one)) for one in found)
