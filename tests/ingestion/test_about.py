"""What a document is about: stated on its first pages, or unknown."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from data.contents import About, FileFacts, LineKind, Page
from ingestion.dates import first_date, lone_date
from ingestion.hints import Hint, hint_of
from ingestion.profile import profile_of

MakePage = Callable[..., Page]
TEXT = [f"a line of the running text that says nothing {word}" for word in "abcdefghijklmnop"]
COVER = ["UNITED STATES", "SECURITIES AND EXCHANGE COMMISSION", "Washington, D.C. 20549"]


@pytest.fixture
def about(make_page: MakePage) -> Callable[..., About]:
    """What is known of a document with these lines on its first page, the first of them large."""

    def known(
        *lines: str,
        large: int = 1,
        then: tuple[str, ...] = (),
        facts: FileFacts | None = None,
        name: str = "a.pdf",
    ) -> About:
        sizes = dict.fromkeys(range(large), 20.0)
        pages = [make_page(1, *lines, *TEXT, sizes=sizes), make_page(2, *then, *TEXT)]
        return profile_of(pages, facts or FileFacts(40), name).about

    return known


class TestForms:
    def test_tell_their_registrant_above_the_line_that_says_so(
        self, about: Callable[..., About]
    ) -> None:
        found = about(
            *COVER, "FORM 10-K", "For the fiscal year ended June 30, 2021", "OR",
            "For the transition period from ____ to ____", "ACME WIDGETS CORP.",
            "(Exact name of registrant as specified in its charter)",
            then=("Acme Widgets Corp. makes widgets.",),
        )  # fmt: skip

        assert found == About(company="Acme Widgets Corp.", period="2021", kind="10-K")

    def test_tell_it_in_the_cells_of_a_table_too(self, make_page: MakePage) -> None:
        page = make_page(
            1, COVER[1], "FORM 10-K", "For the fiscal year | ended June 30, 2021", "Acme Inc. | x",
            "(Exact name of small business issuer as specified in its charter) | (No.)", *TEXT,
        )  # fmt: skip
        rows = [replace(line, kind=LineKind.TABLE_ROW) for line in page.lines[:5]]
        table = replace(page, lines=(*rows, *page.lines[5:]))

        found = profile_of([table], FileFacts(9), "a.pdf").about

        assert found == About(company="Acme Inc.", period="2021", kind="10-K")

    def test_tell_it_after_their_number_too(self, about: Callable[..., About]) -> None:
        found = about(
            *COVER, "Form 10-K/A", "For the fiscal year ended December 31, 2020",
            "Commission file number 1-2345", "3D COMPANY", "State of Incorporation: Delaware",
        )  # fmt: skip

        assert found == About(company="3D Company", period="2020", kind="10-K/A")

    @pytest.mark.parametrize(
        ("ended", "months", "expected"),
        [
            ("December 31, 2022", "Six Months Ended", "Q2 2023"),
            ("March 31, 2021", "Three Months Ended", "Q1 2021"),
            ("June 25, 2022", "Nine Months Ended", "Q3 2022"),
            ("September 30, 2022", "Nine months ended", "Q3 2022"),
            ("December 31, 2022", "some months ended", None),
        ],
    )
    def test_of_a_quarter_tell_which_of_the_fiscal_year(
        self, about: Callable[..., About], ended: str, months: str, expected: str | None
    ) -> None:
        found = about(
            *COVER, "FORM 10-Q", f"For the quarterly period ended {ended}", "Acme Inc.",
            "(Exact name of registrant as specified in its charter)", then=(months,),
        )  # fmt: skip

        assert found.period == expected

    def test_of_a_year_that_ends_in_january_are_of_the_year_that_the_text_calls_it(
        self, about: Callable[..., About]
    ) -> None:
        cover = (*COVER, "FORM 10-K", "For the fiscal year ended January 28, 2023")

        assert about(*cover, then=("In fiscal 2022 and fiscal 2022.",)).period == "2022"
        assert about(*cover, then=("In fiscal 2023.",)).period == "2023"

    def test_of_an_event_are_of_its_day(self, about: Callable[..., About]) -> None:
        found = about(
            *COVER, "FORM 8-K", "Date of Report (Date of earliest event reported): May 3, 2022",
            "Acme, Inc.", "(Exact name of registrant as specified in charter)",
        )  # fmt: skip

        assert found == About(
            date="2022-05-03", company="Acme, Inc.", period="2022-05-03", kind="8-K"
        )

    def test_of_foreign_issuers_are_of_a_month(self, about: Callable[..., About]) -> None:
        assert about(*COVER, "FORM 6-K", "For the month of May 2023").period == "2023-05"

    def test_are_not_what_is_merely_mentioned(self, about: Callable[..., About]) -> None:
        assert about("A Guide for Investors", "See the Form 10-K of the year.").kind is None
        assert about("Form 10-K", "How we fill it in").kind is None


class TestReports:
    @pytest.mark.parametrize(
        ("title", "expected"),
        [
            (
                "Acme Corp Reports Fourth Quarter Fiscal 2023 Results",
                About(company="Acme Corp", period="Q4 2023", kind="earnings release"),
            ),
            (
                "Acme announces second quarter 2021 earnings",
                About(company="Acme", period="Q2 2021", kind="earnings release"),
            ),
            (
                "ACME CORP. ANNOUNCES 2023 FOURTH-QUARTER RESULTS",
                About(company="Acme Corp.", period="Q4 2023", kind="earnings release"),
            ),
            (
                "Acme Posts Record Q1 FY24 Results",
                About(company="Acme", period="Q1 2024", kind="earnings release"),
            ),
            ("Acme Annual Report 2021", About(None, None, "Acme", "2021", "annual report")),
            ("2020/21 Annual Report", About(period="2020-2021", kind="annual report")),
            ("Geschäftsbericht 2019", About(period="2019", kind="annual report")),
            ("City Strategic Plan 2016-2018", About(period="2016-2018", kind="plan")),
            ("Customer Survey 2021", About(period="2021", kind="survey")),
            ("X-100 Owner's Manual", About(kind="manual")),
            ("MCS-51 Data Sheet", About(kind="datasheet")),
            ("Laboratory Reports Results of the First Trial", About()),
            ("A History of the Annual Fair", About()),
            ("The Great Book of 1921", About()),
        ],
    )
    def test_are_known_by_their_titles(
        self, about: Callable[..., About], title: str, expected: About
    ) -> None:
        said = ("Acme makes things.",) if expected.company == "Acme" else ()
        assert about(title, then=said) == expected

    def test_are_not_known_by_the_cells_of_tables(self, make_page: MakePage) -> None:
        page = make_page(1, "Customer Survey", *TEXT, sizes={0: 20.0})
        row = replace(page.lines[0], kind=LineKind.TABLE_ROW)
        table = replace(page, lines=(row, *page.lines[1:]))

        assert profile_of([page], FileFacts(9), "a.pdf").about.kind == "survey"
        assert profile_of([table], FileFacts(9), "a.pdf").about.kind is None

    def test_have_the_name_that_is_listed(self, about: Callable[..., About]) -> None:
        found = about(
            "Ultra Beauty Announces Third Quarter Fiscal 2022 Results", "March 9, 2023",
            "CHICAGO -- Ultra Beauty, Inc. (NASDAQ: ULTR) today announced its results.",
        )  # fmt: skip

        assert found == About(
            None, "2023-03-09", "Ultra Beauty, Inc.", "Q3 2022", "earnings release"
        )

    def test_are_dated_where_they_name_their_place(self, about: Callable[..., About]) -> None:
        assert about("News", "ST. PAUL, Minn., May 3, 2021 -- Acme grew.").date == "2021-05-03"
        assert about("News", "In St. Paul, since May 3, 2021, Acme grew -- a lot").date is None

    def test_are_not_of_the_day_on_which_they_came_out(self, about: Callable[..., About]) -> None:
        assert about("Customer Survey", "May 3, 2021").period is None

    def test_are_of_no_year_when_there_are_two(self, about: Callable[..., About]) -> None:
        assert about("Survey of 1999 and of 2004").period is None


class TestOtherKinds:
    def test_papers_have_an_abstract_and_what_only_papers_have(
        self, about: Callable[..., About]
    ) -> None:
        stamp = "arXiv:2305.12345v2 [cs.CL] 22 May 2023"

        assert about("A Survey of Trees", "Abstract", stamp) == About(
            date="2023-05-22", kind="paper"
        )
        assert about("Trees", "Abstract", "We sell trees.", "1 Introduction").kind is None

    def test_papers_of_proceedings_are_of_their_month(self, about: Callable[..., About]) -> None:
        head = ("Proceedings of the 9th Meeting", "July 9-14, 2023 ©2023 The Association")

        assert about("Trees", *head, "Abstract").date == "2023-07"

    def test_opinions_have_a_court_two_sides_and_a_judge(self, about: Callable[..., About]) -> None:
        case = ("Superior Court of Delaware.", "Re: Ann ROE", "v.", "STATE BOARD.", "Aug. 3, 2012.")

        assert about(*case, "B. SCOTT, Judge.") == About(date="2012-08-03", kind="court opinion")
        assert about(*case[:2], *case[3:], "B. SCOTT, Judge.").kind is None

    def test_opinions_are_of_the_day_on_which_they_were_decided(
        self, about: Callable[..., About]
    ) -> None:
        dates = "Argued March 22, 2023—Decided June 8, 2023"

        found = about("SUPREME COURT", "ACME INC., PETITIONER v. FISH LLC", dates, "JUSTICE FOX")

        assert found == About(date="2023-06-08", kind="court opinion")
        vaguely = ("SUPREME COURT", "ACME v. FISH", "It was decided by all of us", "May 3, 2020")
        assert about(*vaguely).date == "2020-05-03"

    def test_letters_are_short_and_address_somebody(self, about: Callable[..., About]) -> None:
        assert about("ACME", "Dear Mr Miller,", facts=FileFacts(2)).kind == "letter"
        assert about("ACME", "Dear Mr Miller,", facts=FileFacts(30)).kind is None
        assert about("ACME", "Dear friends came and went", facts=FileFacts(2)).kind is None

    def test_slides_are_what_the_file_is(self, about: Callable[..., About]) -> None:
        assert about("Our Plans", name="talk.pptx").kind == "slides"


class TestAuthorsAndDates:
    @pytest.mark.parametrize("name", ["Jane Doe", "Acme Research Center"])
    def test_an_author_is_a_name(self, about: Callable[..., About], name: str) -> None:
        assert about("A Title", facts=FileFacts(9, author=name)).author == name

    @pytest.mark.parametrize(
        "name",
        [
            "jdoe",
            "anonymous",
            "Microsoft Office User",
            "EDGAR Online Inc",
            "NPC, Inc. 12/12/2022",
            "a b",
            "",
            None,
        ],
    )
    def test_a_login_or_a_program_is_not(
        self, about: Callable[..., About], name: str | None
    ) -> None:
        assert about("A Title", facts=FileFacts(9, author=name)).author is None

    def test_the_site_that_stamped_the_title_is_not(self, about: Callable[..., About]) -> None:
        facts = FileFacts(9, "The Widgetarchive - Search Engine", author="The Widgetarchive")

        assert about("MCS-51 Controllers", facts=facts).author is None

    def test_a_line_that_is_a_date_goes_before_the_file_s_own(
        self, about: Callable[..., About]
    ) -> None:
        facts = FileFacts(9, created="2023-01-01T10:00:00Z")

        assert about("A Title", "APRIL 3, 2014", facts=facts).date == "2014-04-03"
        assert about("A Title", "We met on April 3, 2014 at noon", facts=facts).date is None
        assert about("A Title", "A text of 2022", facts=facts).date == "2023-01-01"

    def test_what_lies_behind_the_file_or_ends_something_is_not_its_date(
        self, about: Callable[..., About]
    ) -> None:
        facts = FileFacts(9, created="2021-06-07")

        assert about("A Form", "June 28, 2021", facts=facts).date == "2021-06-28"
        assert about("A Form", "May 28, 2026", facts=facts).date is None
        assert about("A Form", "Expires", "May 28, 2026").date is None

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("am 3. März 2021 in", "2021-03-03"),
            ("le 1er février 2019", "2019-02-01"),
            ("el 5 de mayo de 2020", "2020-05-05"),
            ("Sept. 9th, 2001", "2001-09-09"),
            ("21 August 1999", "1999-08-21"),
            ("2022-07-01", "2022-07-01"),
            ("in October 2020", "2020-10"),
            ("February 31, 2020", None),
            ("maybe 2020", None),
            ("12/03/2020", None),
        ],
    )
    def test_dates_are_read_in_four_languages(self, text: str, expected: str | None) -> None:
        found = first_date(text)

        assert (found and found.iso) == expected

    def test_a_lone_date_is_a_whole_line(self) -> None:
        assert lone_date("Tuesday, September 11, 2007")
        assert lone_date("Published: May 3, 2021")
        assert lone_date("[June 8, 2023]")
        assert not lone_date("Since May 3, 2021 we have")


class TestFileNames:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("ACME_2018_10K.pdf", Hint(("ACME",), 2018, None, None, "10-K")),
            ("Acme-10-Q-2022.pdf", Hint(("Acme",), 2022, None, None, "10-Q")),
            (
                "ACME_2023Q4_EARNINGS.pdf",
                Hint(("ACME",), 2023, 4, None, "earnings release"),
            ),
            ("acme 8K dated 2022-07-01.pdf", Hint(("acme",), None, None, "2022-07-01", "8-K")),
            ("AcmeAnnualReport2021.pdf", Hint(("Acme",), 2021, None, None, "annual report")),
            ("698bba535087fa9a7f9009e172a7f763.pdf", Hint()),
            ("my notes.pdf", Hint(("my", "notes"))),
        ],
    )
    def test_hint_at_a_company_a_time_and_a_kind(self, name: str, expected: Hint) -> None:
        assert hint_of(name) == expected

    def test_name_a_company_only_if_the_text_does(self, about: Callable[..., About]) -> None:
        known = about("Good Results", then=("Ultra Beauty grew. Ultra Beauty is well.",),
                      name="ULTRABEAUTY_2023Q4_EARNINGS.pdf")  # fmt: skip

        assert known == About(None, None, "Ultra Beauty", "Q4 2023", "earnings release")
        once = ("Ultra Beauty is named once.",)
        name = "ULTRABEAUTY_2023Q4_EARNINGS.pdf"
        assert about("Good Results", then=once, name=name).company is None
        assert about("Good Results", name="ACME_2023Q4_EARNINGS.pdf").company is None

    def test_do_not_make_a_form_of_what_shows_none(self, about: Callable[..., About]) -> None:
        assert about("Our notes on it", name="ACME_2018_10K.pdf") == About()
