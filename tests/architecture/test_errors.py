"""Every error of the tree has a status, a code of its own and a sentence for a person."""

from collections import Counter
from collections.abc import Iterator

import pytest

import data.file_errors
import data.setup_errors  # noqa: F401 - branches of the tree
from api.errors import status_of
from data.errors import FootnoteError


def subclasses(kind: type[FootnoteError]) -> Iterator[type[FootnoteError]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


ERRORS = list(subclasses(FootnoteError))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
class TestEveryError:
    def test_has_its_own_code(self, error: type[FootnoteError]) -> None:
        assert "code" in vars(error)

    def test_says_what_it_means(self, error: type[FootnoteError]) -> None:
        assert error.__doc__
        assert error.__doc__.partition("\n")[0].endswith(".")

    def test_has_a_status(self, error: type[FootnoteError]) -> None:
        assert 400 <= status_of(error) < 600
        assert status_of(error) != 500


def test_no_two_errors_share_a_code() -> None:
    counted = Counter(error.code for error in ERRORS)

    assert [code for code, times in counted.items() if times > 1] == []
