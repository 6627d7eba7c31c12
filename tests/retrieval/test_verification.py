"""Citations are verbatim, and say honestly whether they support their sentence."""

from dataclasses import replace
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.passages import Span
from retrieval.verification import Verdict, Verifier
from tests.retrieval.shelf import Shelf, ask

REPORT = (
    "Acme was founded in 1998 in Basel. Its revenue was $5.2 million in 2021, up 12% from 2020.\n"
    "Costs rose more slowly. The board met on March 3, 2021, and called the year “a quiet one”."
)


async def verdict(shelf: Shelf, answer: str, question: str = "How did Acme do?") -> Verdict:
    verifier = Verifier(shelf.read_pages)
    found = await verifier.check(ask(question), answer, tuple(shelf.passages))
    for citation in found.citations:
        text = shelf.pages[citation.document_id, citation.version, citation.page].text
        assert text[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
    cited = [index for sentence in found.sentences for index in sentence.citations]
    assert cited == list(range(len(found.citations)))
    return found


class TestQuotes:
    async def test_the_sentence_that_says_it_is_quoted(self, shelf: Shelf) -> None:
        shelf.put(REPORT)

        found = await verdict(shelf, "Revenue rose 12% to $5.2 million in 2021 [1].")

        (citation,) = found.citations
        assert citation.quote == "Its revenue was $5.2 million in 2021, up 12% from 2020."
        assert (citation.number, citation.page, citation.filename) == (1, 1, "d1.pdf")
        assert citation.verified
        assert found.sentences[0].verified

    async def test_sentences_that_follow_each_other_are_quoted_together(self, shelf: Shelf) -> None:
        shelf.put(REPORT)

        found = await verdict(
            shelf, "Founded in 1998 in Basel, Acme had a revenue of $5.2 million in 2021 [1]."
        )

        assert found.citations[0].quote == REPORT.partition("\n")[0]

    async def test_a_quote_has_its_boxes(self, shelf: Shelf) -> None:
        shelf.put(REPORT)

        found = await verdict(shelf, "Costs rose more slowly [1].")

        (box,) = found.citations[0].boxes
        length = len(shelf.pages["d1", 1, 1].text)
        assert box[0] == pytest.approx(0.1 + 0.8 * found.citations[0].start / length, abs=1e-3)
        assert box[2] == pytest.approx(0.1 + 0.8 * found.citations[0].end / length, abs=1e-3)

    async def test_a_quote_lies_on_one_page(self, shelf: Shelf) -> None:
        shelf.put_page("Acme sells tea. It ships to", page=1)
        shelf.put_page("Basel and Bern. Rail is used.", page=2)
        shelf.put_spans([Span(1, 0, 27), Span(2, 0, 29)])

        found = await verdict(shelf, "It ships to Basel and Bern [1].")

        assert found.citations[0].page == 2
        assert found.citations[0].quote == "Basel and Bern."

    async def test_equal_passages_are_quoted_each_from_its_own_place(self, shelf: Shelf) -> None:
        shelf.put(REPORT)
        shelf.put_page(f"Cover\n\n{REPORT}", "d2", page=3)
        shelf.put_spans([Span(3, 7, 7 + len(REPORT))], "d2")

        found = await verdict(shelf, "Costs rose more slowly [1][2].")

        places = [(one.document_id, one.page, one.start) for one in found.citations]
        start = REPORT.index("Costs")
        assert places == [("d1", 1, start + len("Running header\n")), ("d2", 3, start + 7)]

    async def test_a_row_of_a_table_is_quoted_alone(self, shelf: Shelf) -> None:
        rows = "\n".join(f"Item {name} {n},100 {n},200" for n, name in enumerate("abcdefgh", 11))
        shelf.put(f"Segment 2021 2020\n{rows}")

        found = await verdict(shelf, "Item c was 13,100 in 2021 [1].")

        assert found.citations[0].quote == "Item c 13,100 13,200"

    async def test_of_lines_that_hold_a_claim_equally_the_shortest_is_quoted(
        self, shelf: Shelf
    ) -> None:
        shelf.put("Notes\n16. Union of Millers 1998, p. 19.\n17. Union of Millers 1998.")

        found = await verdict(shelf, "17. Union of Millers 1998. [1]")

        assert found.citations[0].quote == "17. Union of Millers 1998."

    async def test_a_table_without_full_stops_is_cut_at_its_lines(self, shelf: Shelf) -> None:
        lines = "\n".join(f"and then the {name} went on to {name}burg with" for name in NAMES)
        shelf.put(f"First {lines}")

        found = await verdict(shelf, "The uan went to uanburg [1].")

        assert "the uan went on to uanburg" in found.citations[0].quote
        assert len(found.citations[0].quote) <= 900
        assert found.citations[0].quote in shelf.passages[0].text

    async def test_pages_are_read_once_and_only_those_cited(self, shelf: Shelf) -> None:
        for page in (1, 2, 3):
            shelf.put(REPORT, page=page)

        await verdict(shelf, "Costs rose [1]. Costs rose more slowly [3][1].")

        assert shelf.reads == [[("d1", 1, 1), ("d1", 1, 3)]]


NAMES = [f"{letter}an" for letter in ascii_lowercase]


class TestLies:
    @pytest.mark.parametrize(
        "lie",
        [
            "Revenue was $5.3 million in 2021 [1].",
            "Revenue was $5.2 billion in 2021 [1].",
            "Revenue was up 13% from 2020 [1].",
            "The board met on March 4, 2021 [1].",
            "The board called the year “a great one” [1].",
            "Revenue was $5.2 million in 2021, says the other document [2].",
            "Revenue was $5.2 million in 2021.",
            "Revenue was $5.2 million in 2021 [7].",
        ],
    )
    async def test_a_sentence_that_its_sources_do_not_hold_is_not_verified(
        self, shelf: Shelf, lie: str
    ) -> None:
        shelf.put(REPORT)
        shelf.put("Nothing of that kind is here.", "d2")

        found = await verdict(shelf, f"Costs rose more slowly [1]. {lie}")

        assert [sentence.verified for sentence in found.sentences] == [True, False]

    async def test_a_quote_for_something_else_is_shown_as_unverified(self, shelf: Shelf) -> None:
        shelf.put(REPORT)

        found = await verdict(shelf, "Penguins eat krill under the ice [1].")

        assert [citation.verified for citation in found.citations] == [False]

    async def test_a_quote_without_the_number_is_unverified(self, shelf: Shelf) -> None:
        shelf.put(REPORT)

        found = await verdict(shelf, "Its revenue was $9.9 million, up from before [1].")

        assert [citation.verified for citation in found.citations] == [False]


class TestSentences:
    @pytest.mark.parametrize(
        ("answer", "sentences"),
        [
            ("Acme grew [1]. It fell [2].", [("Acme grew [1].", [1]), ("It fell [2].", [2])]),
            ("Acme grew. [1] It fell. [2]", [("Acme grew. [1]", [1]), ("It fell. [2]", [2])]),
            ("Acme grew.[1] It fell.[2][1]", [("Acme grew.[1]", [1]), ("It fell.[2][1]", [2, 1])]),
            ("Acme [1] grew [1][2].", [("Acme [1] grew [1][2].", [1, 2])]),
            ("Acme grew [1]\nIt fell [2]", [("Acme grew [1]", [1]), ("It fell [2]", [2])]),
            ("[1] Acme grew.\n[2] It fell.", [("[1] Acme grew.", [1]), ("[2] It fell.", [2])]),
            ("Acme grew.\n[1]", [("Acme grew.\n[1]", [1])]),
            ("- Acme grew [1]\n- It fell", [("- Acme grew [1]", [1]), ("- It fell", [])]),
            ("It grew [9] by [1] 5 vs. 4 approx.", [("It grew [9] by [1] 5 vs. 4 approx.", [1])]),
        ],
    )
    async def test_a_marker_belongs_to_the_sentence_before_it(
        self, shelf: Shelf, answer: str, sentences: list[tuple[str, list[int]]]
    ) -> None:
        shelf.put("Acme grew and fell.", "d1")
        shelf.put("Acme grew and fell again.", "d2")

        found = await verdict(shelf, answer)

        assert [
            (answer[one.start : one.end], [found.citations[i].number for i in one.citations])
            for one in found.sentences
        ] == sentences

    @pytest.mark.parametrize("answer", ["", "[1]", "\n", "[1][2]\n[1]"])
    async def test_an_answer_without_words_has_no_citations(
        self, shelf: Shelf, answer: str
    ) -> None:
        shelf.put(REPORT)

        assert await verdict(shelf, answer) == Verdict((), ())


class TestRefusals:
    @pytest.mark.parametrize(
        "answer",
        [
            "I can't find this in the documents.",
            "I can’t find this in the documents. [1]",
            "The passages do not explicitly mention the price [1].",
            "The price is not mentioned in the documents [1].",
            "Revenue was $5.2 million.",
        ],
    )
    async def test_a_refusal_has_no_citations(self, shelf: Shelf, answer: str) -> None:
        shelf.put(REPORT)

        found = await verdict(shelf, answer)

        assert found.citations == ()
        assert found.sentences
        assert not any(one.verified for one in found.sentences)

    @pytest.mark.parametrize(
        "answer",
        [
            "The documents do not mention the price. Revenue was $5.2 million [1].",
            "Acme said that it could not find a buyer [1].",
            "We do not have any debt [1].",
        ],
    )
    async def test_a_partial_answer_keeps_its_citations(self, shelf: Shelf, answer: str) -> None:
        shelf.put(REPORT)

        assert (await verdict(shelf, answer)).citations


class TestPagesThatChanged:
    async def test_a_page_that_is_gone_is_not_cited(self, shelf: Shelf) -> None:
        shelf.put(REPORT)
        shelf.pages.clear()

        assert (await verdict(shelf, "Costs rose more slowly [1].")).citations == ()

    @pytest.mark.parametrize("shift", [-3, 5, 10_000])
    async def test_a_passage_that_is_not_on_its_page_is_not_cited(
        self, shelf: Shelf, shift: int
    ) -> None:
        passage = shelf.put(REPORT)
        (span,) = passage.spans
        moved = Span(span.page, span.start + shift, span.end + shift)
        shelf.passages = [replace(passage, spans=(moved,))]

        assert (await verdict(shelf, "Costs rose more slowly [1].")).citations == ()

    async def test_damaged_boxes_cost_the_boxes_and_not_the_quote(self, shelf: Shelf) -> None:
        shelf.put(REPORT)
        key = ("d1", 1, 1)
        shelf.pages[key] = replace(shelf.pages[key], boxes=b"\x01damaged")

        (citation,) = (await verdict(shelf, "Costs rose more slowly [1].")).citations

        assert citation.boxes == ()
        assert citation.quote == "Costs rose more slowly."


WORDS = st.sampled_from(
    ["Acme", "revenue", "5.2", "12%", "March 3, 2021", ". ", "\n", "\n\n", " ", "“", "”", "(", ")",
     "[1]", "[2]", "[3]", "Costs", "rose", "。", "的收入", "é", "😀", "|", "..."]
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(WORDS, max_size=60).map("".join), st.lists(WORDS, max_size=60).map(" ".join))
async def test_whatever_is_said_is_quoted_verbatim(page: str, answer: str) -> None:
    shelf = Shelf()
    shelf.put(page or "x")
    shelf.put(REPORT, "d2")

    found = await verdict(shelf, answer)

    assert all(0 <= one.start < one.end <= len(answer) for one in found.sentences)
