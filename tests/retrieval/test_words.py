"""The content words of a text are those of its pieces, however often these were met before."""

from hypothesis import given
from hypothesis import strategies as st

from retrieval.words import words_of

TEXTS = st.lists(
    st.sampled_from(
        ["The", "Costs", "costs,", "(5,100)", "U.S.", "12", "收入为5亿元。", "a-b", "x" * 40]
    )
)


class TestWordsOf:
    def test_are_lower_case_stemmed_and_no_stop_words(self) -> None:
        found = words_of("The revenues of 2021 were 5,100,\nand (so) “growing”.")

        assert found == ["revenu", "2021", "5100", "growin"]

    def test_of_texts_without_spaces_are_pairs(self) -> None:
        assert words_of("收入为 5亿") == ["收入", "入为", "5亿"]

    @given(TEXTS, TEXTS)
    def test_are_those_of_both_halves_in_order(self, one: list[str], other: list[str]) -> None:
        both = words_of(" ".join([*one, *other]))

        assert both == words_of(" ".join(one)) + words_of("\t\n".join(other))
        assert both == words_of(" ".join([*one, *other]))

    def test_of_a_word_longer_than_any_are_the_same_each_time(self) -> None:
        long = "Word" * 10_000 + " end"

        assert words_of(long) == words_of(long) == ["wordwo", "end"]

    def test_stay_the_same_whatever_else_was_read(self) -> None:
        before = words_of("Costs rose by 5,100 in Basel.")

        words_of(" ".join(f"n{number}" for number in range(70_000)))

        assert words_of("Costs rose by 5,100 in Basel.") == before
