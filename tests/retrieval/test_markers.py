"""Markers come out in one form, wherever the pieces of the text are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.markers import MarkerStream

FRAGMENTS = st.sampled_from(
    ["[", "]", "【", "】", "［１］", "[1]", "[9]", "[1, 2]", "[1-3]", "[3–2]", "[2][9]", "[sic]",
     " ", "  ", "\n", "word", "1", "2", ",", "-", ".", "[source 2]", "†source",
     "[1, 2, 3, 4, 5, 6, 7, 8]",
     "[1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4]", "^", "é", "[0]", "[2024]", "\u200b", "[1, p. 3]", "[9"]
)  # fmt: skip


def stream(pieces: list[str], sources: int = 3) -> str:
    markers = MarkerStream(sources)
    return "".join([markers.feed(piece) for piece in pieces] + [markers.rest()])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It grew [1][2].", "It grew [1][2]."),
        ("It grew [1, 2].", "It grew [1][2]."),
        ("It grew [1-3].", "It grew [1][2][3]."),
        ("It grew [3–1].", "It grew [1][2][3]."),
        ("It grew【1】.", "It grew[1]."),
        ("It grew ［１，２］.", "It grew [1][2]."),
        ("It grew [^2].", "It grew [2]."),
        ("It grew [source 2].", "It grew [2]."),
        ("It grew [Passages 1 and 2].", "It grew [1][2]."),
        ("It grew 【2†source】.", "It grew [2]."),
        ("It grew [ 1 ].", "It grew [1]."),
        ("It grew [1, 1, 2].", "It grew [1][2]."),
        ("It grew [9].", "It grew."),
        ("It grew [1, 9].", "It grew [1]."),
        ("It grew [2-40].", "It grew [2][3]."),
        ("It grew [0].", "It grew."),
        ("It grew [100].", "It grew."),
        ("It grew [0, 1].", "It grew [1]."),
        ("It grew [01].", "It grew [1]."),
        ("It grew [٢].", "It grew [2]."),
        ("It grew [1, p. 3].", "It grew [1]."),
        ("It grew [Source: 2, page 12-13].", "It grew [2]."),
        ("It grew [#2][doc 1].", "It grew [2][1]."),
        ("It grew [\u200b1\u2060].", "It grew [1]."),
        ("It \u202egrew\u202c.", "It grew."),
        ("Ist نه\u200cگفت", None),
        ("It grew [9] much.", "It grew much."),
        ("[9] It grew.", "It grew."),
        ("It grew [sic], (1), in [2024], [a, b], [] and [", None),
        ("It grew [1", None),
        ("It grew [1.5].", None),
        ("\n\n It grew. ", "It grew."),
    ],
)
def test_markers_have_one_form_and_name_sources_that_exist(said: str, shown: str | None) -> None:
    assert stream([said]) == (said if shown is None else shown)


@given(st.lists(FRAGMENTS, max_size=12), st.data())
def test_the_cut_of_the_pieces_changes_nothing(fragments: list[str], data: st.DataObject) -> None:
    text = "".join(fragments)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12).map(sorted))
    edges = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]

    assert stream(pieces) == stream([text]) == stream(list(text))


@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=20))
def test_little_is_held_back(pieces: list[str]) -> None:
    markers = MarkerStream(3)

    for piece in pieces:
        markers.feed(piece)

        assert len(markers.held) <= 30


def test_ordinary_words_are_shown_at_once() -> None:
    markers = MarkerStream(3)

    assert [markers.feed(piece) for piece in ["It", " grew", " [", "1", "]", "."]] == [
        "It", " grew", "", "", " [1]", ".",
    ]  # fmt: skip
