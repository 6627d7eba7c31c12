"""Cleaned characters: readable text, and a box for each code point still."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsers.cleaning import Characters, cleaned


def clean(text: str) -> Characters:
    """Clean a text whose characters stand one after the other, each at its own index."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2").astype(np.uint32)
    left = np.arange(len(units), dtype=np.float32) / 1000
    boxes = np.stack([left, np.full_like(left, 0.5), left + 0.001, np.full_like(left, 0.6)], axis=1)
    return cleaned(units, boxes.astype(np.float32))


class TestCleanedText:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("one\r\ntwo\rthree\n\n\nfour", "one\ntwo\nthree\nfour"),
            ("  a  b \t c \r\n  d  ", "a b c\nd"),
            ("a\u00a0b\u2009c\u3000d", "a b c d"),
            ("nul\0 bell\x07 c1\x85x", "nul bell c1\nx"),
            ("zero\u200bwidth\ufeff \u202eltr\u202c", "zerowidth ltr"),
            ("tag\U000e0041\U000e007fged", "tagged"),
            ("pair \U0001f600 half \ud83d and \udc00.", "pair \U0001f600 half and ."),
            ("e\u0301te\u0301, \u1112\u1161\u11ab", "été, 한"),
            ("e\ufb03cient \ufb02ow, \ufb06op", "efficient flow, stop"),
            ("\ufb13 and \ufe8d stay", "\ufb13 and \ufe8d stay"),
            ("\uf0b7 one\n\uf0a7 two", "• one\n• two"),
            ("", ""),
            (" \r\n \0", ""),
        ],
    )
    def test_keeps_what_can_be_read(self, raw: str, text: str) -> None:
        assert clean(raw).text == text

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("an exam\ufffeple of it", "an example\nof it"),
            ("soft\u00adware and soft\u00ad\r\nware too", "software and software\ntoo"),
            ("a plain hy-\r\nphen here", "a plain hyphen\nhere"),
            ("a non-\r\nGAAP figure", "a non-\nGAAP figure"),
            ("a non\ufffeGAAP figure", "a non-GAAP\nfigure"),
            ("COVID\ufffe19 cases", "COVID-19\ncases"),
            ("state-of-the\ufffeart work", "state-of-the-art\nwork"),
            ("INTER\ufffeNATIONAL law", "INTERNATIONAL\nlaw"),
            ("2019-\r\n2020", "2019-\n2020"),
            ("ends with\ufffe", "ends with-"),
            ("divi\ufffeded\r\nnext line", "divided\nnext line"),
        ],
    )
    def test_makes_words_whole_that_a_line_end_divides(self, raw: str, text: str) -> None:
        assert clean(raw).text == text

    @given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=80))
    def test_has_no_controls_surrogates_or_stray_spaces(self, raw: str) -> None:
        text = clean(raw).text

        assert text == text.strip()
        assert unicodedata.is_normalized("NFC", text)
        assert not {unicodedata.category(c) for c in text if c != "\n"} & {"Cc", "Cs"}
        assert not any(pair in text for pair in ("  ", " \n", "\n ", "\n\n"))


class TestAlignment:
    @given(st.text(alphabet="ab-\ufffe\u00ad\u0301\u200b \r\n\ud83d\ude00😀", max_size=60))
    def test_every_code_point_has_a_box_and_an_index(self, raw: str) -> None:
        characters = clean(raw)

        assert len(characters.text) == len(characters.boxes) == len(characters.source)
        assert (np.diff(characters.source) >= 0).all()
        empty = (characters.boxes == 0).all(axis=1)
        assert [c for c, none in zip(characters.text, empty, strict=True) if none] == [
            c for c in characters.text if c == "\n"
        ]

    def test_a_character_keeps_its_own_box(self) -> None:
        characters = clean("a  b\0c exam\ufffeple")

        at = characters.text.index("ple")
        assert characters.source[at] == 12
        assert np.isclose(characters.boxes[at, 0], 0.012)

    def test_composed_characters_have_the_box_around_their_parts(self) -> None:
        characters = clean("xe\u0301y")

        assert characters.text == "xéy"
        assert np.allclose(characters.boxes[1], [0.001, 0.5, 0.003, 0.6])

    def test_the_letters_of_a_ligature_share_its_box(self) -> None:
        characters = clean("o\ufb03ce")

        assert characters.text == "office"
        assert np.allclose(characters.boxes[1:4, 0], [0.001, 0.001 + 1 / 3000, 0.001 + 2 / 3000])
        assert np.allclose(characters.boxes[1:4, 2], [0.001 + 1 / 3000, 0.001 + 2 / 3000, 0.002])
        assert characters.source.tolist() == [0, 1, 1, 1, 2, 3]

    def test_a_space_without_a_place_takes_the_gap_between_its_neighbours(self) -> None:
        boxes = np.array([(0.1, 0.1, 0.2, 0.2), (0, 0, 0, 0), (0.25, 0.1, 0.3, 0.2)], np.float32)

        characters = cleaned(np.array([97, 32, 98], np.uint32), boxes)

        assert np.allclose(characters.boxes[1], [0.2, 0.1, 0.25, 0.2])
