"""The conversation over a web socket, with a real client and a real server."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

import api.chat
import api.sockets
from data.errors import ModelUnavailable
from data.records import Role
from data.settings import ApiSettings, Settings
from data.tables import keys

if TYPE_CHECKING:
    from tests.api.conftest import Service

ASK = {"type": "ask", "question": "How warm must it be for bees?"}
Told = dict[str, Any]


class Client:
    """Says and hears JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> Told:
        async with asyncio.timeout(20):
            told: Told = json.loads(await self.connection.recv())
        return told

    async def hear_until(self, *kinds: str) -> list[Told]:
        """Hear messages up to the first of these kinds."""
        heard = [await self.hear()]
        while heard[-1]["type"] not in kinds:
            heard.append(await self.hear())
        return heard

    async def closed(self) -> int:
        """Wait until the server closes, and return its code."""
        with pytest.raises(ConnectionClosed) as over:
            await self.hear()
        assert over.value.rcvd
        return over.value.rcvd.code


@pytest.fixture
async def stranger(address: tuple[str, int]) -> AsyncIterator[Client]:
    """A client that has not said its key."""
    url = f"ws://{address[0]}:{address[1]}/v1/chat"
    async with connect(url, proxy=None, max_size=None, compression=None) as connection:
        yield Client(connection)


@pytest.fixture
async def client_of_chat(stranger: Client, service: "Service") -> Client:
    """A client that has said the admin's key."""
    await stranger.say(type="auth", key=service.key)
    return stranger


class TestAQuestion:
    async def test_is_accepted_then_has_sources_then_tokens_then_done(
        self, client_of_chat: Client, service: "Service", ready: str
    ) -> None:
        service.model.pieces = ["Bees fly at ", "nine degrees. [1]\n", "“\u2028\r\n”"]
        await client_of_chat.say(**ASK, id="a“1")

        told = await client_of_chat.hear_until("done")

        assert {one["id"] for one in told} == {"a“1"}
        assert [one["type"] for one in told][:3] == ["accepted", "sources", "token"]
        assert told[0]["answer_id"]
        [source] = told[1]["sources"]
        assert (source["number"], source["document_id"]) == (1, ready)
        said = "".join(one["text"] for one in told if one["type"] == "token")
        done = told[-1]
        assert done["answer"] == said
        assert [one["document_id"] for one in done["citations"]] == [ready]
        assert done["usage"] == {"completion_tokens": 3}

    async def test_without_a_stream_has_no_tokens(self, client_of_chat: Client, ready: str) -> None:
        await client_of_chat.say(**ASK, id="a1", stream=False)

        told = await client_of_chat.hear_until("done")

        assert [one["type"] for one in told] == ["accepted", "sources", "done"]

    async def test_is_one_of_several_at_once(
        self, client_of_chat: Client, service: "Service", ready: str
    ) -> None:
        service.searcher.wait = asyncio.Event()
        for number in range(api.chat.MOST_RUNNING):
            await client_of_chat.say(**ASK, id=f"a{number}")
        accepted = [await client_of_chat.hear() for _ in range(api.chat.MOST_RUNNING)]
        assert {one["type"] for one in accepted} == {"accepted"}
        await client_of_chat.say(**ASK, id="one more")
        refused = await client_of_chat.hear()
        await client_of_chat.say(**ASK, id="a3")
        known = await client_of_chat.hear()

        assert (refused["id"], refused["error"]["code"]) == ("one more", "overloaded")
        assert (known["id"], known["error"]["code"]) == ("a3", "conflict")
        await client_of_chat.say(type="cancel", id="a3")
        assert await client_of_chat.hear() == {"type": "cancelled", "id": "a3"}
        service.searcher.wait = None
        await client_of_chat.say(**ASK, id="a3")
        told = await client_of_chat.hear_until("done")
        assert {one["id"] for one in told} == {"a3"}

    async def test_may_have_the_id_of_one_that_is_done(
        self, client_of_chat: Client, ready: str
    ) -> None:
        for _ in range(20):
            await client_of_chat.say(**ASK, id="same")
            told = await client_of_chat.hear_until("done", "error")
            assert told[-1]["type"] == "done"

    async def test_ends_with_its_error(
        self, client_of_chat: Client, service: "Service", ready: str
    ) -> None:
        service.model.error = ModelUnavailable("It went away.")
        await client_of_chat.say(**ASK, id="a1")

        told = await client_of_chat.hear_until("error", "done")

        assert [one["type"] for one in told] == ["accepted", "sources", "token", "error"]
        assert told[-1]["error"]["code"] == "model_unavailable"
        assert told[-1]["error"]["message"] == "It went away."

    async def test_tells_nothing_of_a_defect(
        self, client_of_chat: Client, service: "Service", ready: str
    ) -> None:
        service.model.error = RuntimeError("secret")
        await client_of_chat.say(**ASK, id="a1")

        told = await client_of_chat.hear_until("error", "done")

        assert told[-1]["error"]["code"] == "internal_error"
        assert "secret" not in json.dumps(told)

    async def test_of_an_unknown_library_ends_with_that(self, client_of_chat: Client) -> None:
        await client_of_chat.say(**ASK, id="a1", libraries=["papers"])

        told = await client_of_chat.hear()

        assert (told["id"], told["error"]["code"]) == ("a1", "library_not_found")


class TestACancel:
    async def test_stops_the_model_and_is_confirmed(
        self, client_of_chat: Client, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        await client_of_chat.say(**ASK, id="a1")
        await client_of_chat.hear_until("token")

        await client_of_chat.say(type="cancel", id="a1")

        assert await client_of_chat.hear() == {"type": "cancelled", "id": "a1"}
        assert service.model.stopped.is_set()

    async def test_of_what_is_not_running_is_nothing(
        self, client_of_chat: Client, ready: str
    ) -> None:
        await client_of_chat.say(type="cancel", id="a1")
        await client_of_chat.say(**ASK, id="a1")

        assert (await client_of_chat.hear())["type"] == "accepted"

    async def test_leaves_the_other_questions_alone(
        self, client_of_chat: Client, service: "Service", ready: str
    ) -> None:
        service.searcher.wait = asyncio.Event()
        await client_of_chat.say(**ASK, id="a1")
        await client_of_chat.say(**ASK, id="a2")
        told = [await client_of_chat.hear() for _ in range(2)]
        assert {one["id"] for one in told} == {"a1", "a2"}
        await client_of_chat.say(type="cancel", id="a1")
        assert await client_of_chat.hear() == {"type": "cancelled", "id": "a1"}

        assert service.searcher.cancelled.is_set()
        await client_of_chat.say(type="cancel", id="a2")
        assert await client_of_chat.hear() == {"type": "cancelled", "id": "a2"}


class TestAClientThatLeaves:
    @pytest.mark.parametrize("politely", [True, False])
    async def test_stops_the_model(
        self, client_of_chat: Client, service: "Service", ready: str, politely: bool
    ) -> None:
        service.model.hangs = True
        await client_of_chat.say(**ASK, id="a1")
        await client_of_chat.hear_until("token")

        if politely:
            await client_of_chat.connection.close()
        else:
            client_of_chat.connection.transport.abort()

        assert await asyncio.to_thread(service.model.stopped.wait, 10)

    async def test_is_a_line_in_the_log_without_what_was_said(
        self,
        client_of_chat: Client,
        service: "Service",
        ready: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO, "api.chat")
        await client_of_chat.say(**ASK, id="a1")
        await client_of_chat.hear_until("done")
        await client_of_chat.connection.close()
        async with asyncio.timeout(10):
            while not caplog.records:  # noqa: ASYNC110 - the server has a thread of its own
                await asyncio.sleep(0.01)

        [line] = caplog.records
        assert line.getMessage() == "socket closed"
        assert vars(line)["questions"] == 1
        assert vars(line)["key_id"].startswith("key-")
        assert "bees" not in str(vars(line))


class TestAClientThatTakesNothing:
    async def test_is_cut_off_and_the_model_is_stopped(
        self,
        client_of_chat: Client,
        service: "Service",
        ready: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO, "api.chat")
        service.model.hangs = True
        service.find(ready, "Bees fly at nine degrees. " * 40_000)

        client_of_chat.connection.transport.pause_reading()
        # Until all buffers on the way are full.
        for number in range(api.chat.MOST_RUNNING):
            await client_of_chat.say(**ASK, id=f"a{number}")
        async with asyncio.timeout(20):
            while not caplog.records:  # noqa: ASYNC110 - the server has a thread of its own
                await asyncio.sleep(0.01)

        assert vars(caplog.records[0])["code"] == api.sockets.TOO_SLOW
        assert service.model.stopped.is_set()

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"api": ApiSettings(reader_seconds=0.3)})


class TestAKey:
    @pytest.mark.parametrize(
        "first",
        [
            json.dumps({"type": "auth", "key": "fn-wrong"}),
            json.dumps({"type": "auth"}),
            json.dumps({**ASK, "id": "a1"}),
            "nonsense",
            "[]",
        ],
    )
    async def test_that_is_not_said_first_ends_the_conversation(
        self, stranger: Client, service: "Service", first: str
    ) -> None:
        await stranger.connection.send(first)

        told = await stranger.hear()
        assert (told["type"], told["id"]) == ("error", None)
        assert told["error"]["code"] in ("unauthenticated", "invalid", "malformed")
        assert await stranger.closed() == 4401
        assert service.searcher.asked == []

    async def test_is_said_once(self, client_of_chat: Client, service: "Service") -> None:
        await client_of_chat.say(type="auth", key=service.key)

        assert (await client_of_chat.hear())["error"]["code"] == "conflict"

    async def test_that_is_revoked_asks_nothing_more(
        self, stranger: Client, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        secret = service.new_key(Role.READER)["Authorization"].removeprefix("Bearer ")
        await stranger.say(type="auth", key=secret)
        await stranger.say(**ASK, id="a1")
        await stranger.hear_until("token")
        with service.stores.database.write() as connection:
            connection.execute(delete(keys).where(keys.c.role == Role.READER))

        # A key is trusted for a second after it was looked at.
        async with asyncio.timeout(20):
            await stranger.say(**ASK, id="a2")
            while (told := (await stranger.hear_until("token", "error"))[-1])["type"] == "token":
                await stranger.say(type="cancel", id="a2")
                await stranger.hear_until("cancelled")
                await stranger.say(**ASK, id="a2")

        assert (told["id"], told["error"]["code"]) == ("a2", "unauthenticated")
        assert await stranger.closed() == 4401
        assert service.model.stopped.is_set()

    async def test_of_another_workspace_finds_nothing_of_this_one(
        self, stranger: Client, service: "Service", ready: str
    ) -> None:
        other = service.new_workspace()
        secret = service.new_key(Role.READER, other)["Authorization"].removeprefix("Bearer ")
        await stranger.say(type="auth", key=secret)
        await stranger.say(**ASK, id="a1", document_ids=[ready])

        assert (await stranger.hear())["error"]["code"] == "document_not_found"
        assert service.searcher.asked == []


class TestAKeyThatDoesNotCome:
    async def test_ends_the_conversation(self, stranger: Client) -> None:
        told = await stranger.hear()

        assert told["error"]["code"] == "unauthenticated"
        assert await stranger.closed() == 4401

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"api": ApiSettings(auth_seconds=0.1)})


class TestAMessage:
    @pytest.mark.parametrize(
        ("text", "code", "identity"),
        [
            ("{", "malformed", None),
            ("", "malformed", None),
            ("[" * 10_000, "malformed", None),
            ('"ask"', "malformed", None),
            ("{}", "invalid", None),
            ('{"type": ["ask"], "id": "a1"}', "invalid", "a1"),
            ('{"type": "sing", "id": "a1"}', "invalid", "a1"),
            ('{"type": "ask", "id": 1}', "invalid", None),
            ('{"type": "ask", "id": "", "question": "x"}', "invalid", None),
            ('{"type": "ask", "id": "a1", "question": " "}', "invalid", "a1"),
            ('{"type": "ask", "id": "a1", "question": "x", "colour": 1}', "invalid", "a1"),
            ('{"type": "ask", "id": "a1", "question": "x", "resumable": true}', "invalid", "a1"),
            ('{"type": "ask", "id": "a1", "question": "\\u0000"}', "invalid", "a1"),
            ('{"type": "cancel"}', "invalid", None),
        ],
    )
    async def test_that_means_nothing_is_refused_and_the_next_one_is_taken(
        self, client_of_chat: Client, ready: str, text: str, code: str, identity: str | None
    ) -> None:
        await client_of_chat.connection.send(text)
        told = await client_of_chat.hear()
        assert (told["type"], told["id"], told["error"]["code"]) == ("error", identity, code)

        await client_of_chat.say(**ASK, id="next")
        assert (await client_of_chat.hear_until("done"))[-1]["id"] == "next"

    async def test_that_is_bytes_counts_as_well(self, client_of_chat: Client, ready: str) -> None:
        await client_of_chat.connection.send(json.dumps({**ASK, "id": "a1"}).encode())

        assert (await client_of_chat.hear_until("done"))[-1]["id"] == "a1"

    async def test_that_is_too_long_ends_the_conversation(self, client_of_chat: Client) -> None:
        await client_of_chat.connection.send(" " * (1024 * 1024 + 1))

        assert await client_of_chat.closed() == 1009
