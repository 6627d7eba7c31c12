"""Everything this project raises on purpose, in one tree.

    FootnoteError
    ├── NotFound              there is no such thing (or not for this key)
    ├── Rejected              the caller can fix it
    │   └── FileRejected      the file itself is the reason (data/file_errors.py)
    ├── Unavailable           trying again may help
    └── SetupError            the person who runs Footnote can fix it (data/setup_errors.py)

The branch says what to do: the API turns it into a status (api/errors.py) and
to the workers ``Unavailable`` is a wait; everything else ends the job (workers/tasks.py).
"""


class FootnoteError(Exception):
    """Base of the tree. ``str(error)`` is a sentence for a person."""

    code = "internal_error"

    def __init__(self, message: str = "", **details: object) -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])
        self.details = details


class NotFound(FootnoteError):
    """There is nothing under this address."""

    code = "not_found"


class DocumentNotFound(NotFound):
    """There is no such document."""

    code = "document_not_found"


class VersionGone(NotFound):
    """This version of the document is no longer kept."""

    code = "version_gone"


class PageNotFound(NotFound):
    """The document has no such page."""

    code = "page_not_found"


class NoPageImages(NotFound):
    """Only pages of PDFs have images. Read the page's text, at this address without `/image`."""

    code = "no_page_images"


class JobNotFound(NotFound):
    """There is no such job."""

    code = "job_not_found"


class AnswerNotFound(NotFound):
    """There is no such answer to take up, or its time to be taken up is over. Ask again."""

    code = "answer_not_found"


class LibraryNotFound(NotFound):
    """There is no such library."""

    code = "library_not_found"


class ModelNotFound(NotFound):
    """There is no such model: a model is `footnote`, or `footnote/` and a library's name."""

    code = "model_not_found"


class Rejected(FootnoteError):
    """The request can't be done as it is."""

    code = "rejected"


class Malformed(Rejected):
    """The request can't be read."""

    code = "malformed"


class Invalid(Rejected):
    """The request has a value that is not allowed."""

    code = "invalid"


class Unauthenticated(Rejected):
    """Send a valid key as `Authorization: Bearer <key>`."""

    code = "unauthenticated"


class Forbidden(Rejected):
    """This key does not have the role that the call needs."""

    code = "forbidden"


class Conflict(Rejected):
    """The thing is not in a state that allows this."""

    code = "conflict"


class ClaimLost(Conflict):
    """Another worker holds this job now; what this one did is not kept."""

    code = "claim_lost"


class LibraryExists(Conflict):
    """There is a library of that name already."""

    code = "library_exists"


class UnknownModel(Rejected):
    """This model is not configured here."""

    code = "unknown_model"


class FileTooLarge(Rejected):
    """The file is larger than the limit."""

    code = "file_too_large"

    def __init__(self, limit_bytes: int) -> None:
        words = f"The file is larger than the limit of {limit_bytes} bytes. Split it, or raise "
        super().__init__(words + "FOOTNOTE_UPLOADS__MAX_BYTES.", limit_bytes=limit_bytes)


class RequestTooLarge(Rejected):
    """The body of the request is larger than this call takes."""

    code = "request_too_large"


class ClientGone(Rejected):
    """The client left before its answer was there."""

    code = "client_gone"


class UnsupportedFile(Rejected):
    """These bytes are no PDF, no .docx, .pptx, .xlsx or .epub file, and no text."""

    code = "unsupported_file"


class PageNotDrawn(Rejected):
    """The page can't be drawn. Read its text, at this address without `/image`."""

    code = "page_not_drawn"


class ServerRefused(Rejected):
    """The server did not do what the command line asked for."""

    code = "server_refused"


class FileRejected(Rejected):
    """The file can't be indexed."""

    code = "file_rejected"


class AttemptsExhausted(FileRejected):
    """Indexing stopped three times at the same place, without progress."""

    code = "attempts_exhausted"


class Unavailable(FootnoteError):
    """Something that is needed is away. Try again shortly."""

    code = "unavailable"
    retry_after_seconds = 5

    def __init__(self, message: str = "", retry_after_seconds: int = 0, **details: object) -> None:
        super().__init__(message, **details)
        if retry_after_seconds:  # said in the body too: an event has no head
            self.details["retry_after_seconds"] = self.retry_after_seconds = retry_after_seconds


class Overloaded(Unavailable):
    """Too many requests are waiting. Try again shortly."""

    code = "overloaded"
    retry_after_seconds = 1


class QueueFull(Overloaded):
    """Too much waits to be indexed already. Upload more when some of it is done."""

    code = "queue_full"
    retry_after_seconds = 30


class CatalogueUnavailable(Unavailable):
    """The database is away or busy. Try again shortly."""

    code = "catalogue_unavailable"


class CommitUncertain(CatalogueUnavailable):
    """The database broke off at the end of a change: it may have happened. Send it again."""

    code = "commit_uncertain"


class BlobsUnavailable(Unavailable):
    """The file store is away. Try again shortly."""

    code = "blobs_unavailable"


class StorageFull(BlobsUnavailable):
    """The disk is full; nothing was kept. Free some space, then try again."""

    code = "storage_full"


class BrokerUnavailable(Unavailable):
    """The broker (Redis or Valkey) is away."""

    code = "broker_unavailable"


class IndexUnavailable(Unavailable):
    """The vector index (Chroma) is away. Try again shortly."""

    code = "index_unavailable"


class IndexIncomplete(IndexUnavailable):
    """The vector index has lost vectors and is being rebuilt; search goes on by words."""

    code = "index_incomplete"


class LexicalUnavailable(Unavailable):
    """The lexical index can't be searched. Try again shortly."""

    code = "lexical_unavailable"


class SearchUnavailable(Unavailable):
    """Neither the vector index nor the lexical index answers. Try again shortly."""

    code = "search_unavailable"


class ModelUnavailable(Unavailable):
    """The language model does not answer. Try again shortly."""

    code = "model_unavailable"


class ShuttingDown(Unavailable):
    """The server is stopping. Ask again in a moment."""

    code = "shutting_down"


class ReaderTooSlow(Unavailable):
    """The answer was not read for too long, so it was stopped. Ask again."""

    code = "reader_too_slow"


class DeadlineExceeded(Unavailable):
    """The answer was not complete within its time limit."""

    code = "deadline_exceeded"


class NothingAnswers(Unavailable):
    """Nothing answers at the address of Footnote. Start it with `make run`."""

    code = "nothing_answers"


class SetupError(FootnoteError):
    """Footnote is not set up in a way that it can run."""

    code = "setup_error"
