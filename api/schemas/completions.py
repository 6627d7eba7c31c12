"""Chat completions, as OpenAI's clients send and read them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from api.schemas.ask import CitationBody
from api.schemas.common import ResponseModel, Text
from data.errors import Invalid
from data.records import Key
from retrieval.events import Done
from retrieval.passages import Question, Scope, Turn

# As many as /v1/ask takes.
MOST_CHARACTERS = 8000
# What is older, or longer, is left out: clients send all of a conversation, however long it is.
MOST_TURNS = 200
MOST_TURN_CHARACTERS = 100_000
STYLE_CHARACTERS = 2000
NO_QUESTION = "messages: hold no text of the user, and that is the question."
TOO_LONG = (
    f"messages: the last one of the user is longer than {MOST_CHARACTERS} characters. Upload long "
    "texts as documents, and ask about them."
)
ONLY_TEXT = "messages: only text can be asked about. Upload files as documents, and ask about them."

# Parameters that may not be ignored: what each may say here, and what is told otherwise.
DONE_HERE: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "n": (lambda number: number == 1, "one answer is given to a question"),
    "tool_choice": (lambda choice: choice in ("auto", "none"), "no tools are called here"),
    "function_call": (lambda choice: choice in ("auto", "none"), "no functions are called here"),
    "response_format": (
        lambda form: form.get("type", "text") == "text",
        "answers are text, never JSON",
    ),
    "modalities": (lambda kinds: set(kinds) <= {"text"}, "answers are text"),
    "logprobs": (lambda so: not so, "probabilities are not known"),
}


class ClientModel(BaseModel):
    """A part of a request; what it says beyond this is ignored, since clients say all sorts."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _as_parts(content: object) -> object:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class PartRequest(ClientModel):
    """A part of what a message says."""

    type: Text
    text: Text = ""


Content = Annotated[
    list[PartRequest],
    BeforeValidator(_as_parts, json_schema_input_type=str | list[PartRequest] | None),
]


class MessageRequest(ClientModel):
    """Something that was said."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = []

    @property
    def text(self) -> str:
        """What it says in words."""
        return "\n".join(part.text for part in self.content if part.type == "text")


class StreamOptionsRequest(ClientModel):
    """What a stream tells besides the answer."""

    include_usage: bool | None = None


class CompletionRequest(ClientModel):
    """A question with its conversation. Other parameters of OpenAI's are ignored."""

    model: Text = Field(max_length=200, examples=["footnote", "footnote/papers"])
    messages: list[MessageRequest] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptionsRequest | None = None
    n: int | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    logprobs: bool | None = None

    @field_validator(*DONE_HERE)
    @classmethod
    def _refuse_another_answer(cls, value: object, info: ValidationInfo) -> object:
        is_done, sentence = DONE_HERE[info.field_name or ""]
        if value is not None and not is_done(value):
            raise ValueError(sentence)
        return value

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with its usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def question_for(self, key: Key, library: str) -> Question:
        """Return what the last message of the user asks of a library, or raise ``Invalid``."""
        asked = max((n for n, one in enumerate(self.messages) if one.role == "user"), default=None)
        if asked is None:
            raise Invalid(NO_QUESTION)
        if any(part.type != "text" for part in self.messages[asked].content):
            raise Invalid(ONLY_TEXT)
        question = self.messages[asked].text
        if not question.strip():
            raise Invalid(NO_QUESTION)
        if len(question) > MOST_CHARACTERS:
            raise Invalid(TOO_LONG)
        return Question(
            scope=Scope(key.workspace, (library,)),
            question=question,
            history=self._history(asked),
            key_id=key.id,
            style=self._style(),
        )

    def _history(self, asked: int) -> tuple[Turn, ...]:
        turns = [
            Turn(message.role, message.text[:MOST_TURN_CHARACTERS])
            for message in self.messages[:asked]
            if message.role in ("user", "assistant") and message.text
        ]
        return tuple(turns[-MOST_TURNS:])

    def _style(self) -> str:
        wishes = (one.text for one in self.messages if one.role in ("system", "developer"))
        return "\n\n".join(filter(None, wishes))[:STYLE_CHARACTERS]


class AnsweredBody(ResponseModel):
    """A message: the answer, and what its `[1]` stand for."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    citations: list[CitationBody]


class ChoiceBody(ResponseModel):
    """The one answer."""

    index: Literal[0] = 0
    message: AnsweredBody
    logprobs: None = None
    finish_reason: Literal["stop", "length"]


class UsageBody(ResponseModel):
    """What the language model counted; zeros where it counted nothing."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, usage: Mapping[str, int]) -> "UsageBody":
        """Return the usage of an answer."""
        asked, said = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
        total = usage.get("total_tokens", asked + said)
        return cls(prompt_tokens=asked, completion_tokens=said, total_tokens=total)


class CompletionBody(ResponseModel):
    """A checked answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChoiceBody]
    usage: UsageBody


def finish_reason(done: Done) -> Literal["stop", "length"]:
    """Return why an answer ended, in OpenAI's word."""
    return "length" if done.truncated else "stop"
