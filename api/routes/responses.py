"""What the OpenAPI document says about errors: the same shape everywhere."""

from typing import Any

from api.schemas.common import ErrorBody

Responses = dict[int | str, dict[str, Any]]

MEANINGS = {
    400: "The request can't be read",
    401: "No key, or a wrong one",
    403: "The key does not have the role",
    404: "There is no such thing",
    409: "Its state does not allow this",
    413: "Too large",
    415: "Not a supported file, by its bytes",
    422: "A value is not allowed",
    429: "Too much at once; see `Retry-After`",
    503: "Something that is needed is away; see `Retry-After`",
    504: "Not done within the time limit",
}


def errors(*statuses: int) -> Responses:
    """Return the error responses of a route, besides those that every route has."""
    return {status: {"model": ErrorBody, "description": MEANINGS[status]} for status in statuses}


# Of every route under /v1.
COMMON: Responses = {
    status: {"model": ErrorBody, "description": MEANINGS[status]}
    for status in (400, 401, 403, 413, 422, 429, 503)
}
EXAMPLE = "event: NAME\ndata: {JSON on one line}\nid: 0\n\n"
EVENTS: dict[str, Any] = {"content": {"text/event-stream": {"example": EXAMPLE}}}
