"""Errors become responses; the only place that knows a status."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from data.errors import (
    ClientGone,
    Conflict,
    DeadlineExceeded,
    FileTooLarge,
    FootnoteError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Overloaded,
    Rejected,
    RequestTooLarge,
    SetupError,
    Unauthenticated,
    Unavailable,
    UnsupportedFile,
)

STATUS: dict[type[FootnoteError], int] = {
    NotFound: 404,
    Rejected: 422,
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    Conflict: 409,
    FileTooLarge: 413,
    RequestTooLarge: 413,
    UnsupportedFile: 415,
    # Nobody reads it; the logs and the metrics tell it apart (nginx's number).
    ClientGone: 499,
    Unavailable: 503,
    Overloaded: 429,
    DeadlineExceeded: 504,
    SetupError: 503,
}
UNEXPECTED = "Something went wrong here. The request's id is in the logs."
# What the framework itself raises.
CODES = {
    400: (Malformed.code, "The request can't be read."),
    404: (NotFound.code, "There is nothing under this address."),
    405: ("method_not_allowed", "This address does not take this method."),
}
WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "string_unicode": "is not valid Unicode",
}
MOST_FIELDS = 10
BEHIND_VALUE_ERROR = re.compile(r"^Value error, ")


def status_of(error: type[FootnoteError]) -> int:
    """Return the status of the closest ancestor in ``STATUS``."""
    return next((STATUS[kind] for kind in error.__mro__ if kind in STATUS), 500)


def body_of(code: str, message: str, details: Mapping[str, object] | None = None) -> bytes:
    """Return the body that every error has."""
    error = {"code": code, "message": message, "details": details or {}}
    return to_json({"error": error}, fallback=str)


def error_body(error: BaseException) -> bytes:
    """Return the body for any error; what is not of the tree is not told."""
    if isinstance(error, FootnoteError):
        return body_of(error.code, str(error), error.details)
    return body_of(FootnoteError.code, UNEXPECTED)


def response_to(error: BaseException) -> Response:
    """Return the response for any error."""
    if not isinstance(error, FootnoteError):
        return answer(500, error_body(error))
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return answer(status_of(type(error)), error_body(error), headers)


def answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response of bytes that are JSON already."""
    return Response(body, status, headers, media_type="application/json")


def install_errors(app: FastAPI) -> None:
    """Have the app answer every error in the one shape.

    (What is not of the tree is answered, and logged, by the outermost middleware.)
    """
    app.exception_handler(FootnoteError)(_answer_ours)
    app.exception_handler(RequestValidationError)(_answer_invalid)
    app.exception_handler(HTTPException)(_answer_framework)


async def _answer_ours(_: Request, error: Exception) -> Response:
    return response_to(error)


async def _answer_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return response_to(refusal_of(error.errors()))


async def _answer_framework(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = CODES.get(error.status_code, (Rejected.code, str(Rejected())))
    return answer(error.status_code, body_of(code, message), error.headers)


def refusal_of(problems: Sequence[Mapping[str, Any]]) -> Rejected:
    """Return what is wrong with a request in a person's words, without repeating its values."""
    if any(problem["type"] == "json_invalid" for problem in problems):
        return Malformed("The body is not JSON.")
    fields = [
        {"field": _field(problem["loc"]), "message": _words(problem)}
        for problem in problems[:MOST_FIELDS]
    ]
    message = "; ".join(f"{one['field']}: {one['message']}" for one in fields)
    return Invalid(f"{message}.", fields=fields)


def _field(location: Sequence[str | int]) -> str:
    # The first part says where it stood: in the body, the query or the path.
    path = ".".join(str(part) for part in location[1:]) or str(location[0])
    return path[:100]


def _words(problem: Mapping[str, Any]) -> str:
    said = BEHIND_VALUE_ERROR.sub("", problem["msg"])
    return WORDS.get(problem["type"]) or said[:1].lower() + said[1:]
