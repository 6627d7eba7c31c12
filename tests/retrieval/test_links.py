"""Nothing in an answer makes a client fetch an address, wherever the pieces are cut."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.links import LinkBreaker

FRAGMENTS = st.sampled_from(
    ["[", "]", "(", ")", ":", "<", ">", "!", "[1]", "](", "]:", "http://e", "//e", "\\", "&#104;",
     " ", "\n", "word", "](a:b)", "]: a:b", " " * 9, "<img src=", "a", "/", '"', "javascript:x",
     "b" * 210]
)  # fmt: skip


def shown(pieces: list[str]) -> str:
    links = LinkBreaker()
    return "".join([links.feed(piece) for piece in pieces] + [links.rest()])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("See [this page](http://evil/?q=1) now.", "See [this page] now."),
        ("![chart](https://evil/x.png?d=1)", "![chart]"),
        ("[a](<http://evil>)", "[a]"),
        ("[a](//evil/x) b", "[a] b"),
        ("[a](http://evil/(x)y) b", "[a] b"),
        ("[a](\n http://evil)", "[a]"),
        ("[a](\\/\\/evil) b", "[a] b"),
        ("[a](&#104;ttp://evil) b", "[a] b"),
        ("[a](https&colon;//evil) b", "[a] b"),
        ("[a](javascript:alert(1)) b", "[a] b"),
        ("[a](data:image/png;base64,AA+/==)", "[a]"),
        ("[a](http://evil", "[a]"),
        ("[a](http://" + "b" * 5000 + ") c", "[a] c"),
        ("[a]([b](http://evil))", "[a] ([b])"),
        ("Sales [1](http://evil) rose.", "Sales [1] rose."),
        ("Sales [1](restated) rose.", "Sales [1] (restated) rose."),
        ("![a](b:c)(http://evil)(d)", "![a] (d)"),
        ("![a](b:c):http://evil d", "![a]: d"),
        ("[a]: b:c http://evil d:e\nMore.", "[a]:   \nMore."),
        ("[a]: b:c)http://evil", "[a]: "),
        ("[a]:" + " " * 20 + "http://evil", "[a]:" + " " * 8),
        ("[1]: http://evil/x\nMore.", "[1]: \nMore."),
        ("[1]:\n  <http://evil>\nMore.", "[1]:\n  \nMore."),
        ("[1]: Retail: 5, Web: 3 [2]:", "[1]: Retail: 5, Web: 3 [2]:"),
        ("<img src=http://evil>", "< img src=http://evil>"),
        ("<https://evil> </a> <!-- <?", "< https://evil> < /a> < !-- < ?"),
        ("a < b, c <5 and d <= e", "a < b, c <5 and d <= e"),
        ("See https://acme.example [1].", "See https://acme.example [1]."),
        ("A list[i], f(x): y", "A list[i], f(x): y"),
        ("]]]", "]]]"),
    ],
)
def test_links_are_taken_apart_and_their_words_kept(said: str, expected: str) -> None:
    assert shown([said]) == shown(list(said)) == expected


@given(st.lists(FRAGMENTS, max_size=14), st.data())
def test_no_cut_leaves_a_link(fragments: list[str], data: st.DataObject) -> None:
    text = "".join(fragments)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12).map(sorted))
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]

    result = shown(pieces)

    assert result == shown([text])
    assert "](" not in result
    assert "<i" not in result
    assert not re.search(r"\]:\s*(?:http|//e)", result)


@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=20))
def test_text_without_brackets_is_as_it_was(pieces: list[str]) -> None:
    plain = [piece.replace("]", "").replace("<", "") for piece in pieces]

    assert shown(plain) == "".join(plain)
