"""OpenAI's protocol, spoken by OpenAI's own client, to a real server."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from data.errors import ModelUnavailable
from data.records import Role
from data.settings import AnswerSettings, Settings
from retrieval.models.model import Finish
from retrieval.passages import Turn

if TYPE_CHECKING:
    from tests.api.conftest import Service

QUESTION = "How warm must it be for bees?"
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def base_url(address: tuple[str, int]) -> str:
    return f"http://{address[0]}:{address[1]}/v1"


@pytest.fixture
def official(service: "Service", base_url: str) -> Iterator[openai.OpenAI]:
    """OpenAI's client, with the admin's key."""
    http = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(
        base_url=base_url, api_key=service.key, max_retries=0, http_client=http
    ) as client:
        yield client


@pytest.fixture
async def async_official(service: "Service", base_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """OpenAI's asynchronous client, with the admin's key."""
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    async with openai.AsyncOpenAI(
        base_url=base_url, api_key=service.key, max_retries=0, http_client=http
    ) as client:
        yield client


def another(official: openai.OpenAI, headers: dict[str, str]) -> openai.OpenAI:
    """Return the client with another key."""
    return official.with_options(api_key=headers["Authorization"].removeprefix("Bearer "))


class TestTheModels:
    def test_are_the_libraries_and_the_default_one_comes_first(
        self, official: openai.OpenAI, remote: httpx.Client
    ) -> None:
        for name in ("papers", "mail"):
            remote.post("/v1/libraries", json={"name": name})

        models = official.models.list().data

        assert [model.id for model in models] == ["footnote", "footnote/mail", "footnote/papers"]
        assert {model.owned_by for model in models} == {"footnote"}
        assert official.models.retrieve("footnote/papers") == models[2]
        assert official.models.retrieve("footnote") == models[0]

    @pytest.mark.parametrize("name", ["gpt-4o", "footnote/papers", "footnote/", "footnotes", "/"])
    def test_are_no_others(self, official: openai.OpenAI, name: str) -> None:
        with pytest.raises(openai.NotFoundError) as told:
            official.models.retrieve(name)
        assert told.value.code == "model_not_found"

        with pytest.raises(openai.NotFoundError) as told:
            official.chat.completions.create(model=name, messages=ASKED)
        assert told.value.code == "model_not_found"

    def test_of_another_workspace_are_neither_listed_nor_answered(
        self, official: openai.OpenAI, remote: httpx.Client, service: "Service"
    ) -> None:
        remote.post("/v1/libraries", json={"name": "papers"})
        stranger = another(official, service.new_key(Role.READER, service.new_workspace()))

        assert [model.id for model in stranger.models.list()] == ["footnote"]
        with pytest.raises(openai.NotFoundError):
            stranger.models.retrieve("footnote/papers")
        with pytest.raises(openai.NotFoundError):
            stranger.chat.completions.create(model="footnote/papers", messages=ASKED)
        assert service.searcher.asked == []


class TestACompletion:
    def test_is_the_answer_with_its_citations(
        self, official: openai.OpenAI, remote: httpx.Client, ready: str
    ) -> None:
        completion = official.chat.completions.create(model="footnote", messages=ASKED)

        assert completion.id.startswith("chatcmpl-")
        assert (completion.object, completion.model) == ("chat.completion", "footnote")
        [choice] = completion.choices
        assert choice.finish_reason == "stop"
        assert choice.message.content == "Bees fly at nine degrees. [1]"
        assert choice.message.model_extra
        [citation] = choice.message.model_extra["citations"]
        page = remote.get(f"/v1/documents/{ready}/pages/{citation['page']}").json()["text"]
        assert page[citation["start"] : citation["end"]] == citation["quote"]
        assert completion.usage
        assert completion.usage.to_dict() == {
            "prompt_tokens": 0,
            "completion_tokens": 3,
            "total_tokens": 3,
        }

    def test_streams_the_answer_and_ends_with_its_citations(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        service.model.pieces = ["Bees fly at ", "nine degrees. [1]\n", "“\u2028\r\n”"]

        with official.chat.completions.create(
            model="footnote", messages=ASKED, stream=True
        ) as stream:
            chunks = list(stream)

        assert {chunk.id for chunk in chunks} == {chunks[0].id}
        assert {(chunk.model, chunk.object) for chunk in chunks} == {
            ("footnote", "chat.completion.chunk")
        }
        deltas = [chunk.choices[0].delta for chunk in chunks]
        assert deltas[0].role == "assistant"
        text = "".join(delta.content or "" for delta in deltas)
        assert text.startswith("Bees fly at nine degrees. [1]\n“")
        assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]
        assert deltas[-1].model_extra
        assert [one["document_id"] for one in deltas[-1].model_extra["citations"]] == [ready]
        assert all(chunk.usage is None for chunk in chunks)

    async def test_streams_to_the_asynchronous_client_with_its_usage(
        self, async_official: openai.AsyncOpenAI, service: "Service", ready: str
    ) -> None:
        service.model.finish = Finish({"prompt_tokens": 7, "completion_tokens": 3})

        async with await async_official.chat.completions.create(
            model="footnote",
            messages=ASKED,
            stream=True,
            stream_options={"include_usage": True},
        ) as stream:
            chunks = [chunk async for chunk in stream]

        assert chunks[-1].choices == []
        assert chunks[-1].usage
        assert chunks[-1].usage.total_tokens == 10
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
        assert said == "Bees fly at nine degrees. [1]"

    @pytest.mark.parametrize("stream", [True, False])
    def test_says_that_it_was_cut(
        self, remote: httpx.Client, service: "Service", ready: str, stream: bool
    ) -> None:
        service.model.finish = Finish(truncated=True)
        body = {"model": "footnote", "messages": ASKED, "stream": stream}

        text = remote.post("/v1/chat/completions", json=body).text

        assert '"finish_reason":"length"' in text
        assert '"finish_reason":"stop"' not in text

    def test_has_no_usage_where_nothing_was_counted(self, official: openai.OpenAI) -> None:
        completion = official.chat.completions.create(model="footnote", messages=ASKED)

        assert completion.usage
        assert completion.usage.total_tokens == 0
        assert "There is no document" in (completion.choices[0].message.content or "")


class TestAConversation:
    def test_is_a_question_what_was_said_before_and_wishes(
        self, official: openai.OpenAI, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        remote.post("/v1/libraries", json={"name": "hive"})
        official.chat.completions.create(
            model="footnote/hive",
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "What are bees?"},
                {"role": "assistant", "content": "Insects. [1]"},
                {"role": "tool", "content": "42", "tool_call_id": "x"},
                {"role": "developer", "content": "Rhyme."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "How warm"},
                        {"type": "text", "text": "must it be?"},
                    ],
                },
                {"role": "assistant", "content": "It"},
            ],
        )

        [(scope, _, _)] = service.searcher.asked
        assert (scope.workspace, scope.libraries) == (service.workspace, ("hive",))
        [task] = service.model.tasks
        assert task.history == (Turn("user", "What are bees?"), Turn("assistant", "Insects. [1]"))
        assert task.question.startswith("How warm\nmust it be?")
        assert task.style == "Be brief.\n\nRhyme."

    def test_is_forgotten_beyond_the_limits_and_not_refused(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        said: list[ChatCompletionMessageParam] = [
            {"role": "user", "content": f"What is bee {number}?"} for number in range(250)
        ]
        wish: ChatCompletionMessageParam = {"role": "system", "content": "x" * 5000}
        official.chat.completions.create(model="footnote", messages=[wish, *said, *ASKED])

        [task] = service.model.tasks
        assert [turn.content for turn in task.history] == [one["content"] for one in said[50:]]
        assert task.style == "x" * 2000

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            ({"role": "user", "content": "x" * 8001}, "longer than 8000 characters"),
            ({"role": "user", "content": " \n"}, "that is the question"),
            ({"role": "user", "content": None}, "that is the question"),
            ({"role": "assistant", "content": "Hello"}, "that is the question"),
            (
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
                "only text can be asked about",
            ),
            (
                {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
                "only text can be asked about",
            ),
            ({"role": "user", "content": "a\0b"}, "must not have a NUL character"),
            ({"role": "wizard", "content": "x"}, "messages.0.role"),
        ],
    )
    def test_that_holds_no_question_for_us_is_refused_with_its_reason(
        self, official: openai.OpenAI, message: Any, told: str
    ) -> None:
        with pytest.raises(openai.UnprocessableEntityError, match=told) as refused:
            official.chat.completions.create(model="footnote", messages=[message])

        assert refused.value.code == "invalid"


class TestAParameter:
    def test_that_changes_little_is_ignored(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        completion = official.chat.completions.create(
            model="footnote",
            messages=ASKED,
            temperature=1.5,
            top_p=0.1,
            max_tokens=5,
            max_completion_tokens=5,
            seed=7,
            stop=["bees"],
            user="me",
            n=1,
            logprobs=False,
            presence_penalty=1,
            response_format={"type": "text"},
            tools=[{"type": "function", "function": {"name": "look", "parameters": {}}}],
            tool_choice="auto",
            parallel_tool_calls=True,
            extra_body={"chat_id": "x", "options": {"num_ctx": 1}, "stream_options": None},
        )

        assert completion.choices[0].message.content == "Bees fly at nine degrees. [1]"

    @pytest.mark.parametrize(
        ("parameter", "told"),
        [
            ({"n": 2}, "n: one answer is given"),
            ({"tool_choice": "required"}, "tool_choice: no tools"),
            ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "no tools"),
            ({"function_call": {"name": "x"}}, "no functions"),
            ({"response_format": {"type": "json_object"}}, "never JSON"),
            ({"response_format": {"type": "json_schema", "json_schema": {}}}, "never JSON"),
            ({"modalities": ["text", "audio"]}, "answers are text"),
            ({"logprobs": True}, "probabilities"),
        ],
    )
    def test_that_would_make_it_another_answer_is_refused(
        self, official: openai.OpenAI, service: "Service", parameter: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(openai.UnprocessableEntityError, match=told):
            official.chat.completions.create(model="footnote", messages=ASKED, extra_body=parameter)

        assert service.searcher.asked == []


class TestAnError:
    def test_of_the_key_is_the_clients_own(
        self, official: openai.OpenAI, service: "Service"
    ) -> None:
        stranger = official.with_options(api_key="fn-wrong")

        with pytest.raises(openai.AuthenticationError) as told:
            stranger.models.list()
        assert told.value.code == "unauthenticated"
        with pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="footnote", messages=ASKED, stream=True)

    def test_before_the_first_token_has_its_status(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        service.model.pieces = []
        service.model.error = ModelUnavailable("It went away.")

        with pytest.raises(openai.InternalServerError, match="It went away") as told:
            official.chat.completions.create(model="footnote", messages=ASKED)

        assert (told.value.status_code, told.value.code) == (503, "model_unavailable")
        assert told.value.response.headers["Retry-After"] == "5"

    def test_amid_a_stream_is_raised_by_the_client(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        service.model.error = ModelUnavailable("It went away.")
        said: list[str] = []

        with (
            official.chat.completions.create(
                model="footnote", messages=ASKED, stream=True
            ) as stream,
            pytest.raises(openai.APIError, match="It went away") as told,
        ):
            said.extend(chunk.choices[0].delta.content or "" for chunk in stream)

        assert "".join(said) == "Bees fly at nine degrees. [1]"
        assert told.value.code == "model_unavailable"


class TestAFullService:
    def test_tells_the_client_when_to_come_back(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        ask = official.chat.completions.create
        with (
            ask(model="footnote", messages=ASKED, stream=True),
            ask(model="footnote", messages=ASKED, stream=True),
            pytest.raises(openai.RateLimitError) as told,
        ):
            ask(model="footnote", messages=ASKED)

        assert told.value.code == "overloaded"
        assert told.value.response.headers["Retry-After"] == "1"

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        # One runs, one waits, and a third is refused.
        answers = AnswerSettings(max_running=1, max_waiting=1)
        return settings.model_copy(update={"answers": answers})


class TestAClientThatLeaves:
    def test_amid_a_stream_stops_the_model(
        self, official: openai.OpenAI, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        with official.chat.completions.create(
            model="footnote", messages=ASKED, stream=True
        ) as stream:
            next(stream)
            assert service.model.started.wait(10)

        assert service.model.stopped.wait(10)

    def test_before_its_whole_answer_stops_the_model(
        self, address: tuple[str, int], service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        body = json.dumps({"model": "footnote", "messages": ASKED}).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.key}"
            f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(head.encode() + body)
            assert service.model.started.wait(10)

        assert service.model.stopped.wait(10)
