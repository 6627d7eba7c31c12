"""Titles that tell documents apart."""

from collections.abc import Callable

import pytest

from data.contents import FileFacts, Page
from ingestion.profile import profile_of

MakePage = Callable[..., Page]
Titled = Callable[..., str]
TEXT = [f"a line of the running text that says nothing {word}" for word in "abcdefghijklmnop"]
COVER = ["UNITED STATES", "SECURITIES AND EXCHANGE COMMISSION"]
CHARTER = "(Exact name of registrant as specified in its charter)"


@pytest.fixture
def titled(make_page: MakePage) -> Titled:
    """The title of a document whose first line is large, and whose file gives itself a title."""

    def title(*lines: str, own: str | None = None, name: str = "a.pdf", large: int = 1) -> str:
        sizes = dict.fromkeys(range(large), 20.0)
        return profile_of(
            [make_page(1, *lines, *TEXT, sizes=sizes)], FileFacts(40, own), name
        ).title

    return title


class TestTitles:
    def test_of_forms_are_company_kind_and_period(self, titled: Titled) -> None:
        form = (
            *COVER,
            "FORM 10-K",
            "For the fiscal year ended June 30, 2021",
            "ACME CORP",
            CHARTER,
        )

        assert titled(*form) == "Acme Corp 10-K 2021"
        assert titled(*form, own="10-K - 02/07/2019 - Acme Corp") == "Acme Corp 10-K 2021"

    def test_of_forms_without_a_company_are_what_the_file_says(self, titled: Titled) -> None:
        title = titled(*COVER, "FORM 8-K", own="Form 8-K for Acme")

        assert title == "Form 8-K for Acme"

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            ("A Fine Running Text", "A Fine Running Text"),
            ("Annual Report", "The Great Book"),
            ("Microsoft Word - running text", "running text"),
            ("running_text_2", "The Great Book"),
            ("The Widgetarchive - Search Engine", "The Great Book"),
            ("Acme 4Q running Exhibit 99.1", "The Great Book"),
        ],
    )
    def test_are_the_file_s_own_only_if_they_say_something_of_it(
        self, titled: Titled, own: str, expected: str
    ) -> None:
        assert titled("The Great Book", own=own) == expected

    def test_are_no_stamps_on_the_margin(self, titled: Titled) -> None:
        stamps = (
            "arXiv:2305.12345v2 [cs.CL] 22 May 2023",
            "Filed Jan 14 2013 ID 48897809 515,2012",
        )

        for stamp in stamps:
            lines = (stamp, "", "The Great Book", "", *TEXT)
            assert titled(*lines, name="notes_of_it.pdf") == "notes of it"

    def test_are_completed_with_company_and_period(self, titled: Titled) -> None:
        listed = "NEW YORK -- Acme Inc. (NYSE: ACME) told its results."
        title = "Strong Earnings Report"

        assert titled(title, listed, name="ACME_2023Q4_EARNINGS.pdf") == (
            "Acme Inc. Strong Earnings Report Q4 2023"
        )
        whole = "Acme Reports Fourth Quarter Fiscal 2023 Results"
        assert titled(whole, listed) == whole

    def test_are_cut_before_their_subtitles_when_they_are_long(self, titled: Titled) -> None:
        subtitle = "what we found when we went there and looked at all of them"

        assert titled(f"Farms of the County: {subtitle}") == "Farms of the County"
        assert titled("Farms: a short title") == "Farms: a short title"
        assert titled(f"Farms: {subtitle}") == f"Farms: {subtitle}"

    def test_of_opinions_are_the_parties(self, titled: Titled) -> None:
        head = ("Superior Court of Delaware.", "Re: Ann ROE", "v.", "STATE BOARD OF", "FISH.")

        assert titled(*head, "B. SCOTT, Judge.") == "Ann ROE v. STATE BOARD OF FISH"
        one_line = ("SUPREME COURT", "Roe v. Wade", "Argued and decided")
        assert titled(*one_line) == "Roe v. Wade"
        roles = ("SUPREME COURT", "ROE, INC., PETITIONER v. WADE LLC, ET AL.", "Argued")
        assert titled(*roles) == "ROE, INC. v. WADE LLC, ET AL"

    def test_are_what_a_recommended_citation_says(self, titled: Titled) -> None:
        cited = "RECOMMENDED CITATION: The Center, April 2014, “Old People and their Tools”"

        assert titled("", cited, large=0) == "Old People and their Tools"

    def test_of_one_or_two_words_are_what_runs_over_the_pages_if_that_says_more(
        self, make_page: MakePage
    ) -> None:
        def title(running: str) -> str:
            cover = make_page(1, "HAMBURG HARBOUR", *TEXT, sizes={0: 30.0})
            pages = [make_page(n, running, *(f"{line}{n}" for line in TEXT)) for n in range(2, 7)]
            return profile_of([cover, *pages], FileFacts(6), "a.pdf").title

        assert title("Hamburg Harbour Building Survey") == "Hamburg Harbour Building Survey"
        assert title("Old Hamburgers") == "HAMBURG HARBOUR"
        assert title("Hamburg Harbour 2021") == "HAMBURG HARBOUR"

    def test_are_at_most_200_characters(self, titled: Titled) -> None:
        assert len(titled("word " * 60, large=0, own="text " * 60)) <= 200
