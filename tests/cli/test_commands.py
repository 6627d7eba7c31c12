"""The client commands, as processes, against a server that plays the contract."""

import json
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from data.settings import child_environment
from tests.cli.conftest import (
    ROOT,
    Footnote,
    Played,
    Until,
    answer_error,
    answer_events,
    answer_json,
)

REINDEX = "POST /v1/libraries/law/reindex"


def job(state: str, **changes: object) -> dict[str, Any]:
    return {
        "id": "job-1",
        "document_id": "doc-1",
        "kind": "ingest",
        "state": state,
        "stage": None,
        "progress": {"done": 0, "total": 0, "unit": "pages"},
        "error": None,
        "created_at": "2026-11-20T10:00:00Z",
        **changes,
    }


def document(**changes: object) -> dict[str, Any]:
    return {
        "id": "doc-1",
        "filename": "a.pdf",
        "library": "default",
        "state": "ready",
        "pages": 3,
        "chunks": 7,
        "tags": ["x", "y"],
        "warnings": [],
        "about": {"kind": "10-K", "period": None},
        **changes,
    }


def receipt(state: str = "queued", *, duplicate: bool = False) -> dict[str, Any]:
    return {"document": document(), "job": job(state), "duplicate": duplicate}


RUNNING = job("running", stage="parsing", progress={"done": 1, "total": 3, "unit": "pages"})
EMBEDDING = job("running", stage="embedding", progress={"done": 3, "total": 7, "unit": "chunks"})


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "größe [1].pdf"
    path.write_bytes(b"%PDF-" + bytes(range(256)) * 1000)
    return path


@pytest.fixture
def indexing(played: Played) -> Played:
    """A server that takes a file and indexes it."""
    played.plays("POST /v1/documents", answer_json(receipt(), 202))
    played.plays(
        "GET /v1/jobs/job-1/events",
        answer_events(("job", RUNNING), ("job", EMBEDDING), ("job", job("succeeded"))),
    )
    played.plays("GET /v1/documents/doc-1", answer_json(document()))
    return played


class TestAdd:
    def test_uploads_a_file_and_follows_it_until_it_is_ready(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        result = footnote("add", str(pdf), "--library", "law", "--tag", "x", "--tag", "y")

        assert result.code == 0, result.err
        assert result.out.splitlines() == [
            f"{pdf.name}: uploaded",
            f"{pdf.name}: parsing",
            f"{pdf.name}: embedding",
            f"✓ {pdf.name}: ready, 3 pages, 7 chunks",
        ]
        body = indexing.uploads[0]
        assert pdf.read_bytes() in body
        assert pdf.name.encode() in body
        assert [body.count(each) for each in (b"law", b'name="tags"', b"password")] == [1, 2, 0]

    def test_takes_up_a_stream_that_broke_off(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        indexing.plays(
            "GET /v1/jobs/job-1/events",
            answer_events(("job", RUNNING)),
            answer_error(503, "unavailable", "Starting.", Retry_After="1"),
            answer_events(("job", job("succeeded"))),
        )

        assert footnote("add", str(pdf)).code == 0

    def test_tries_again_when_the_line_is_full(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        indexing.plays(
            "POST /v1/documents",
            answer_error(429, "overloaded", "Too many.", Retry_After="1"),
            answer_json(receipt(), 202),
        )

        assert footnote("add", str(pdf)).code == 0
        assert len(indexing.uploads) == 2

    def test_a_failed_file_is_told_with_what_to_do_and_keeps_no_other_back(
        self, indexing: Played, footnote: Footnote, pdf: Path, tmp_path: Path
    ) -> None:
        error = {"code": "password_required", "message": "The file is encrypted."}
        indexing.plays(
            "GET /v1/jobs/job-2/events", answer_events(("job", job("failed", error=error)))
        )
        locked = {**receipt(), "job": {**job("queued"), "id": "job-2"}}
        indexing.plays("POST /v1/documents", answer_json(locked, 202), answer_json(receipt(), 202))
        (tmp_path / "b.PDF").write_bytes(b"%PDF-b")

        result = footnote("add", str(tmp_path))

        assert result.code == 1
        assert result.out.count("✓") == 1
        assert "1 of 2 failed" in result.err
        assert "The file is encrypted. (password_required)" in result.err
        assert "--password-stdin" in result.err

    def test_a_refused_file_shows_the_words_of_the_server(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        indexing.plays("POST /v1/documents", answer_error(413, "file_too_large", "Too large."))

        result = footnote("add", str(pdf))

        assert result.code == 1
        assert "Too large. (file_too_large)" in result.err

    def test_the_same_file_again_is_no_failure(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        again = receipt("succeeded", duplicate=True)
        indexing.plays("POST /v1/documents", answer_json(again))

        result = footnote("add", str(pdf))

        assert (result.code, result.out.splitlines()[-1]) == (
            0,
            f"✓ {pdf.name}: already indexed, 3 pages, 7 chunks",
        )

    def test_reads_the_password_from_stdin_only(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        result = footnote("add", str(pdf), "--password-stdin", stdin="s3cret word\nmore\n")

        assert result.code == 0
        assert b"\r\n\r\ns3cret word\r\n" in indexing.uploads[0]
        assert "s3cret" not in result.out + result.err

    def test_need_not_wait(self, indexing: Played, footnote: Footnote, pdf: Path) -> None:
        result = footnote("add", str(pdf), "--no-wait")

        assert result.code == 0
        assert "accepted as job job-1" in result.out
        assert not indexing.sent("GET /v1/jobs/job-1/events")

    def test_takes_from_a_folder_what_can_be_indexed(
        self, indexing: Played, footnote: Footnote, tmp_path: Path
    ) -> None:
        for name in ("deep/a.PDF", "deep/b.docx", "c.md", "photo.jpg", "program.py"):
            path = tmp_path / "papers" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")

        assert footnote("add", str(tmp_path / "papers")).code == 0
        assert len(indexing.uploads) == 3

    def test_a_missing_file_and_a_folder_without_documents_are_wrong_usage(
        self, indexing: Played, footnote: Footnote, tmp_path: Path
    ) -> None:
        assert footnote("add", str(tmp_path / "missing.pdf")).code == 2
        assert footnote("add", str(tmp_path)).code == 2
        assert footnote("add").code == 2
        assert not indexing.uploads

    def test_a_name_of_control_characters_moves_no_cursor(
        self, indexing: Played, footnote: Footnote, tmp_path: Path
    ) -> None:
        path = tmp_path / "a\x1b[2Jb\x9b.pdf"
        path.write_bytes(b"%PDF-")

        result = footnote("add", str(path))

        assert result.code == 0
        assert "a[2Jb.pdf: ready" in result.out


class TestReplace:
    def test_uploads_a_new_version_and_follows_it(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        indexing.plays("PUT /v1/documents/doc-1/content", answer_json(receipt(), 202))

        result = footnote("replace", "doc-1", str(pdf), "--password-stdin", stdin="s3cret\n")

        assert result.code == 0, result.err
        assert result.out.splitlines()[-1] == f"✓ {pdf.name}: ready, 3 pages, 7 chunks"
        [body] = indexing.sent("PUT /v1/documents/doc-1/content")
        assert pdf.read_bytes() in body
        assert b"\r\n\r\ns3cret\r\n" in body

    def test_of_an_unknown_document_shows_the_words_of_the_server(
        self, indexing: Played, footnote: Footnote, pdf: Path
    ) -> None:
        route = "PUT /v1/documents/..%2Fdoc/content"
        indexing.plays(route, answer_error(404, "document_not_found", "No such document."))

        result = footnote("replace", "../doc", str(pdf))

        assert result.code == 1
        assert "No such document. (document_not_found)" in result.err


class TestCancelAndRetry:
    def test_are_told_to_the_server(self, played: Played, footnote: Footnote) -> None:
        played.plays("POST /v1/jobs/job-1/cancel", answer_json(job("cancelled"), 202))
        played.plays("POST /v1/jobs/job-1/retry", answer_json(job("queued"), 202))

        assert footnote("cancel", "job-1").out.startswith("The job is cancelled.")
        assert footnote("retry", "job-1").out == "The job is queued.\n"
        result = footnote("retry", "job-1", "--password-stdin", stdin="s3cret word\n")

        assert "s3cret" not in result.out + result.err
        sent = [json.loads(body) for body in played.sent("POST /v1/jobs/job-1/retry")]
        assert sent == [{"password": None}, {"password": "s3cret word"}]

    def test_show_why_not(self, played: Played, footnote: Footnote) -> None:
        for verb in ("cancel", "retry"):
            played.plays(f"POST /v1/jobs/job-1/{verb}", answer_error(409, "conflict", "It is."))

            result = footnote(verb, "job-1")

            assert (result.code, result.err) == (1, "It is. (conflict)\n")


CITATION = {
    "number": 2,
    "filename": "law.pdf",
    "page": 4,
    "quote": "The right\nof \x1b[31mreply.",
    "verified": True,
}
DONE: dict[str, Any] = {
    "answer": "It is so [2]. And so [1].",
    "sentences": [{"verified": True}, {"verified": False}],
    "citations": [CITATION, {**CITATION, "number": 1, "page": 9, "verified": False}],
    "abstained": False,
    "reason": None,
}
TOKENS = [("token", {"text": "It is so [2]. "}), ("token", {"text": "And \x1b[2Jso [1]."})]


class TestReindex:
    def test_follows_the_rebuild_to_its_end(self, played: Played, footnote: Footnote) -> None:
        building = {**RUNNING, "kind": "reindex", "stage": "indexing"}
        played.plays(REINDEX, answer_json({"job": job("queued")}, 202))
        played.plays(
            "GET /v1/jobs/job-1/events", answer_events(("job", building), ("job", job("succeeded")))
        )

        result = footnote("reindex", "law")

        assert result.code == 0, result.err
        assert result.out.splitlines() == ["law: indexing", "✓ law: reindexed"]

    def test_that_fails_is_1_with_the_reason(self, played: Played, footnote: Footnote) -> None:
        error = {"code": "attempts_exhausted", "message": "It stopped three times."}
        played.plays(REINDEX, answer_json({"job": job("failed", error=error)}, 202))

        result = footnote("reindex", "law")

        assert result.code == 1
        assert "✗ law: It stopped three times. (attempts_exhausted)" in result.out

    def test_of_an_unknown_library_shows_the_words_of_the_server(
        self, played: Played, footnote: Footnote
    ) -> None:
        played.plays(REINDEX, answer_error(404, "library_not_found", "There is none."))

        result = footnote("reindex", "law")

        assert result.code == 1
        assert "There is none. (library_not_found)" in result.err


class TestAsk:
    def test_streams_the_answer_and_puts_its_footnotes_below(
        self, played: Played, footnote: Footnote
    ) -> None:
        opening = [("accepted", {"answer_id": "a"}), ("sources", {"sources": []})]
        played.plays("POST /v1/ask", answer_events(*opening, *TOKENS, ("done", DONE)))

        result = footnote("ask", "Is it so?", "--library", "law")

        assert (result.code, result.err) == (0, "")
        assert result.out.splitlines() == [
            "It is so [2]. And [2Jso [1].",
            "",
            "[1] law.pdf, page 9, “The right of [31mreply.” (not verified)",
            "[2] law.pdf, page 4, “The right of [31mreply.”",
            "",
            "1 sentence could not be verified on the pages: read them with care.",
        ]
        asked = json.loads(played.sent("POST /v1/ask")[0])
        assert asked == {
            "question": "Is it so?",
            "libraries": ["law"],
            "stream": True,
            "timeout_seconds": 60,
        }

    def test_says_why_there_is_no_answer(self, played: Played, footnote: Footnote) -> None:
        done = {**DONE, "abstained": True, "reason": "no_documents", "citations": []}
        played.plays("POST /v1/ask", answer_events(("token", {"text": "No."}), ("done", done)))

        result = footnote("ask", "Is it so?")

        assert result.code == 0
        assert result.out == (
            "No.\n\nNot answered: nothing is ready in the libraries that were asked.\n"
        )

    def test_an_error_in_the_stream_is_a_sentence_and_1(
        self, played: Played, footnote: Footnote
    ) -> None:
        error = {"error": {"code": "model_unavailable", "message": "The model is away."}}
        played.plays("POST /v1/ask", answer_events(TOKENS[0], ("error", error)))

        result = footnote("ask", "Is it so?")

        assert (result.code, result.err) == (1, "The model is away. (model_unavailable)\n")

    def test_a_stream_that_breaks_off_is_an_error(self, played: Played, footnote: Footnote) -> None:
        played.plays("POST /v1/ask", answer_events(*TOKENS))

        result = footnote("ask", "Is it so?")

        assert (result.code, "broke off" in result.err) == (1, True)

    def test_an_error_instead_of_a_stream_too(self, played: Played, footnote: Footnote) -> None:
        played.plays("POST /v1/ask", answer_error(404, "library_not_found", "No such library."))

        result = footnote("ask", "Is it so?", "--library", "nope")

        assert (result.code, result.err) == (1, "No such library. (library_not_found)\n")

    def test_gives_the_whole_answer_as_json(self, played: Played, footnote: Footnote) -> None:
        played.plays("POST /v1/ask", answer_json({**DONE, "sources": []}))

        result = footnote("ask", "Is it so?", "--json")

        assert result.code == 0
        assert json.loads(result.out) == {**DONE, "sources": []}
        assert json.loads(played.sent("POST /v1/ask")[0])["stream"] is False

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_closes_the_connection_so_that_the_server_stops_too(
        self, played: Played, footnote: Footnote, home: Path, until: Until, number: signal.Signals
    ) -> None:
        begun = threading.Event()

        def talk_until_the_client_is_gone(handler: BaseHTTPRequestHandler) -> None:
            answer_events(TOKENS[0])(handler)
            begun.set()
            assert handler.connection.recv(1) == b""
            played.gone.set()

        played.plays("POST /v1/ask", talk_until_the_client_is_gone)
        command = [sys.executable, "-m", "api.cli.main", "ask", "Is it so?"]
        environment = child_environment(FOOTNOTE_HOME=str(home))
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert begun.wait(30)
            process.send_signal(number)
            _, said = process.communicate(timeout=30)

        assert played.gone.wait(30)
        assert process.returncode != 0
        assert b"Traceback" not in said


class TestLists:
    def test_follows_cursors_up_to_the_limit(self, played: Played, footnote: Footnote) -> None:
        pages = [
            {"items": [document(id=f"doc-{n}") for n in range(100)], "next_cursor": "more"},
            {
                "items": [document(id=f"doc-{n}") for n in range(100, 150)],
                "next_cursor": "even more",
            },
        ]
        played.plays("GET /v1/documents", *(answer_json(page) for page in pages))

        result = footnote("documents", "--limit", "150", "--state", "ready")

        assert result.code == 0
        assert [row.split("\t")[0] for row in result.out.splitlines()] == [
            f"doc-{n}" for n in range(150)
        ]
        assert [path for _, path, _ in played.calls] == [
            "/v1/documents?limit=100&state=ready",
            "/v1/documents?limit=50&cursor=more&state=ready",
        ]

    def test_documents_are_lines_with_tabs_without_a_terminal(
        self, played: Played, footnote: Footnote
    ) -> None:
        found = document(filename="a\tb\x1b.pdf", warnings=[{"code": "page_unreadable"}])
        played.plays("GET /v1/documents", answer_json({"items": [found], "next_cursor": None}))

        assert footnote("documents").out == (
            "doc-1\ta b.pdf\tdefault\tready\t3\t7\tx, y\tpage_unreadable\t10-K\n"
        )

    def test_jobs_show_their_error(self, played: Played, footnote: Footnote) -> None:
        failed = job("failed", error={"code": "empty_file", "message": "It is empty."})
        played.plays("GET /v1/jobs", answer_json({"items": [failed], "next_cursor": None}))

        assert footnote("jobs").out == (
            "job-1\tdoc-1\tingest\tfailed\t\t0/0 pages\t2026-11-20T10:00:00Z"
            "\tempty_file: It is empty.\n"
        )

    def test_json_is_what_the_server_said(self, played: Played, footnote: Footnote) -> None:
        played.plays("GET /v1/jobs", answer_json({"items": [RUNNING], "next_cursor": None}))

        assert json.loads(footnote("jobs", "--json").out) == [RUNNING]


class TestTarget:
    def test_says_what_to_do_when_nothing_runs(
        self, footnote: Footnote, home: Path, pdf: Path
    ) -> None:
        (home / "run" / "address").unlink()

        for command in (["jobs"], ["ask", "x"], ["add", str(pdf)]):
            result = footnote(*command, FOOTNOTE_API__PORT="9")
            assert result.code == 1
            assert result.err == (
                "Nothing answers at http://127.0.0.1:9: start it with `make run`.\n"
            )

    def test_a_wrong_key_is_told_in_the_words_of_the_server(
        self, footnote: Footnote, played: Played, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_text("another")

        result = footnote("jobs", "--key-file", str(tmp_path / "key"))

        assert (result.code, result.err) == (1, "Send a valid key. (unauthenticated)\n")

    def test_without_a_key_it_says_where_one_would_be(self, footnote: Footnote, home: Path) -> None:
        (home / "admin.key").unlink()

        result = footnote("jobs")

        assert result.code == 1
        assert f"{home}/admin.key" in result.err
        assert "FOOTNOTE_ADMIN_KEY" in result.err

    def test_takes_the_key_of_the_settings(
        self, footnote: Footnote, home: Path, played: Played
    ) -> None:
        (home / "admin.key").unlink()
        played.plays("GET /v1/jobs", answer_json({"items": [], "next_cursor": None}))

        assert footnote("jobs", FOOTNOTE_ADMIN_KEY="the-key").code == 0

    def test_asks_no_proxy_about_this_machine(self, footnote: Footnote, played: Played) -> None:
        played.plays("GET /v1/jobs", answer_json({"items": [], "next_cursor": None}))

        assert footnote("jobs", HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="").code == 0

    def test_another_program_at_the_address_is_told_as_such(
        self, footnote: Footnote, played: Played
    ) -> None:
        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b"<html>hello</html>")

        played.plays("GET /v1/jobs", page)

        result = footnote("jobs")

        assert (result.code, "another program" in result.err) == (1, True)

    def test_a_setting_that_is_none_is_named_without_its_value(self, footnote: Footnote) -> None:
        result = footnote("jobs", FOOTNOTE_API__PORT="hunter2")

        assert result.code == 1
        assert "FOOTNOTE_API__PORT" in result.err
        assert "hunter2" not in result.err
