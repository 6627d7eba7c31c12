"""Messages of a conversation over a web socket."""

from collections.abc import Mapping

from pydantic import Field, ValidationError, field_validator
from pydantic_core import from_json, to_json

from api.errors import refusal_of
from api.schemas.ask import AskRequest
from api.schemas.common import RequestModel, Text
from data.errors import Invalid, Malformed

MOST_ID_CHARACTERS = 100


class AuthMessage(RequestModel):
    """The first message: the key."""

    type: Text
    key: Text = Field(min_length=1, max_length=500, repr=False)


class AskMessage(AskRequest):
    """A question, under a name that the client gives it."""

    type: Text
    id: Text = Field(min_length=1, max_length=MOST_ID_CHARACTERS)

    @field_validator("resumable")
    @classmethod
    def _only_over_http(cls, value: bool) -> bool:  # noqa: FBT001 - pydantic passes it so
        if value:
            raise ValueError("answers over a web socket can't be resumed; ask over HTTP for that")
        return value


class CancelMessage(RequestModel):
    """The end of a question that nobody wants answered any more."""

    type: Text
    id: Text = Field(min_length=1, max_length=MOST_ID_CHARACTERS)


Message = AuthMessage | AskMessage | CancelMessage
KINDS: dict[object, type[Message]] = {
    "auth": AuthMessage,
    "ask": AskMessage,
    "cancel": CancelMessage,
}


def fields_of(text: str | bytes) -> dict[str, object]:
    """Return the fields of a message, or raise ``Malformed``."""
    try:
        fields = from_json(text)
    except ValueError as error:
        raise Malformed("The message is not JSON.") from error
    if not isinstance(fields, dict):
        raise Malformed("The message is not a JSON object.")
    return fields


def id_of(fields: Mapping[str, object]) -> str | None:
    """Return the id that a message carries, if it has one that can be told back."""
    identity = fields.get("id")
    is_one = isinstance(identity, str) and 0 < len(identity) <= MOST_ID_CHARACTERS
    return str(identity) if is_one else None


def message_of(fields: Mapping[str, object]) -> Message:
    """Return the message, or raise ``Invalid``."""
    name = fields.get("type")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Invalid('type: is one of "auth", "ask" and "cancel".')
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        # Where a request says in which of its parts a field stood, a message has only one.
        raise refusal_of(
            [{**problem, "loc": ("message", *problem["loc"])} for problem in problems]
        ) from error


def enveloped(kind: str, identity: str | None, fields: bytes = b"{}") -> str:
    """Return a message to a client; ``fields`` is a JSON object."""
    rest = b"}" if fields == b"{}" else b"," + fields[1:]
    return (b'{"type":%b,"id":%b%b' % (to_json(kind), to_json(identity), rest)).decode()
