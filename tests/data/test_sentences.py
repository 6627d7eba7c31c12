"""Where sentences end, and where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sentences import sentences_of


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences_of(text)]


class TestProse:
    @pytest.mark.parametrize(
        "sentence",
        [
            "Sales grew 3.5 percent to $394.3 billion in the U.S. market.",
            "Apple Inc. and 3M Co. met Mr. Smith at 5 p.m. in Room No. 5.",
            "See Fig. 3 and Vol. 2 of Brown et al. (2020), e.g. Table 4.",
            "The form was filed by J. R. Tolkien, Jr. of Oxford.",
            "He said (see p. 12) that it works.",
            "Version 1.2.3 of example.com is out.",
            "It runs over\nthe end of\na line.",
            "What is it?!",
            "Wait ... for it.",
            "The appeal in Harlow v. Fitzgerald was lost.",
            "Item 1. Business",
            "Am 8. Februar zog er im 20. Jahrhundert um.",
            "Nació en EE. UU. hacia c. 1455 y volvió.",
            "Its makers are Keilwerth and P. Mauriat of France.",
            "Figure 3. How it works.",
            "As part of a change, the company says that Richard\nA. Johnson will step down.",
            "It was merged into the Department of Health and\nMental Hygiene.",
        ],
    )
    def test_is_one_sentence(self, sentence: str) -> None:
        assert split(sentence) == [sentence]

    @pytest.mark.parametrize(
        "sentences",
        [
            ["We grew in 2020.", "In 2021 we fell."],
            ["He works for Apple Inc.", "The company is large."],
            ["He lives in the U.S.", "It is large."],
            ["Is it?", "Yes!", "Good."],
            ["“It is.”", "(It is not.)", "Then what?"],
            ["No.", "That is wrong."],
            ["1. The first thing.", "2. The second thing."],
            ["It ends here...", "Next one."],
            ["They are to this day.[citation needed]", "A few stayed.[3][4]", "Then they left."],
            ["Whittemore was its clerk.64", "He said “so.”17", "Two years went by."],
            ["The fare rose to 3.", "5 Years later it fell."],
        ],
    )
    def test_ends_at_full_stops(self, sentences: list[str]) -> None:
        assert split(" ".join(sentences)) == sentences

    def test_ends_at_chinese_and_japanese_full_stops_without_a_space(self) -> None:
        assert split("今日は。元気ですか？はい！（終わり。）次") == [
            "今日は。", "元気ですか？", "はい！", "（終わり。）", "次",
        ]  # fmt: skip

    def test_a_reference_behind_a_full_stop_belongs_before_it(self) -> None:
        assert split("蒸汽向一个方向。[需要引证]因此需要换向。") == [
            "蒸汽向一个方向。[需要引证]", "因此需要换向。",
        ]  # fmt: skip

    def test_does_not_cross_an_empty_line(self) -> None:
        assert split("A heading\n\nand a text\nof two lines") == [
            "A heading", "and a text\nof two lines",
        ]  # fmt: skip


class TestLines:
    def test_points_of_a_list_are_sentences(self) -> None:
        text = "• one thing\nthat runs on\n• another\n(a) third\n2) fourth"

        assert split(text) == ["• one thing\nthat runs on", "• another", "(a) third", "2) fourth"]

    def test_rows_of_a_table_are_sentences(self) -> None:
        rows = ["Net sales $ 394,328 $ 365,817 8 %", "Cost (1,234) (56) —", "2022 2021 2020"]

        assert split("\n".join(["In millions", *rows])) == ["In millions", *rows]

    @pytest.mark.parametrize(
        "row",
        [
            "Purchases of property, plant and equipment (PP&E) | (1,577) | (1,373) | (1,420)",
            "(Millions) | 2018 | 2017 | 2016",
            "|  | Year ended Dec. 31, 2022",
            "Risk | It may rain. Take a coat. | low",
        ],
    )
    def test_cells_stay_together(self, row: str) -> None:
        assert split(f"Cash flows\n{row}\n{row}") == ["Cash flows", row, row]

    def test_a_row_of_whole_texts_is_cut_at_its_full_stops(self) -> None:
        row = "Risk | " + "It may rain on us. " * 40

        assert len(split(row)) == 40

    def test_lines_of_titles_stand_alone(self) -> None:
        lines = [
            "3M Company and Subsidiaries",
            "Statement of Cash Flows",
            "Years ended December 31",
        ]

        assert split("\n".join(lines)) == lines

    def test_a_line_that_stops_short_before_a_capital_stands_alone(self) -> None:
        text = "Legal matters\nThe company is not a party to any proceedings that matter."

        assert split(text)[0] == "Legal matters"

    @pytest.mark.parametrize("word", ["sat", "sun", "mar"])
    def test_a_word_that_only_looks_like_a_day_or_a_month_ends_one(self, word: str) -> None:
        assert split(f"There it {word}. Nine lights were lit.") == [
            f"There it {word}.", "Nine lights were lit.",
        ]  # fmt: skip
        name = word.capitalize()
        assert len(split(f"It came on {name}. Nine lights were lit.")) == 1


class TestAnyText:
    @given(st.text(alphabet="aA1.?!。 \n\t•-()\"'$%;U S", max_size=200))
    def test_is_covered_once_and_in_order_by_trimmed_sentences(self, text: str) -> None:
        spans = sentences_of(text)

        at = 0
        for start, end in spans:
            assert not text[at:start].strip()
            assert text[start:end].strip() == text[start:end] != ""
            at = end
        assert not text[at:].strip()
