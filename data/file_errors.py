"""The branch of the error tree for files: each of these ends an ingest job."""

from data.errors import FileRejected


class EmptyFile(FileRejected):
    """The file is empty (0 bytes). Upload a file with content."""

    code = "empty_file"


class UnreadableFile(FileRejected):
    """The file is damaged: no page of it can be read. Save or export it again, then upload it."""

    code = "unreadable_file"


class PasswordRequired(FileRejected):
    """The file is encrypted. Upload it again with its password."""

    code = "password_required"


class WrongPassword(FileRejected):
    """The password does not open the file. Upload it again with the right one."""

    code = "wrong_password"


class NoTextFound(FileRejected):
    """No page of the file has text, nor a picture of text that could be read."""

    code = "no_text_found"


class TooManyPages(FileRejected):
    """The file has more pages than the limit."""

    code = "too_many_pages"

    def __init__(self, pages: int, limit: int) -> None:
        super().__init__(
            f"The file has {pages} pages; the limit is {limit}. Split it, or raise "
            "FOOTNOTE_PARSING__MAX_PAGES.",
            pages=pages,
            limit=limit,
        )


class ParserTimeout(FileRejected):
    """Reading the file took longer than the limit."""

    code = "parser_timeout"


class ParserOutOfMemory(FileRejected):
    """Reading the file took more memory than the limit."""

    code = "parser_out_of_memory"
