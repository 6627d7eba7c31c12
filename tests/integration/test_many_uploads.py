"""Many files at once, and a short one behind a long one."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.running_stack import RunningStack

MANY = 200
# Long enough that it takes many slices.
LONG_PAGES = 600


def pdf(name: str, pages: int, lines: int) -> bytes:
    """A PDF of which every line names the file, the page and itself."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in range(1, pages + 1):
        for line in range(lines):
            canvas.drawString(60, 780 - 18 * line, f"Note {line} on page {page} of {name} is kept.")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def upload(client: httpx.Client, library: str, name: str, content: bytes) -> dict[str, str]:
    """Upload a file, and return the ids of its document and its job."""
    answer = client.post(
        "/v1/documents",
        files={"file": (f"{name}.pdf", content, "application/pdf")},
        data={"library": library},
    )
    assert answer.status_code == 202, answer.text
    body = answer.json()
    return {"document": body["document"]["id"], "job": body["job"]["id"]}


def upload_alone(stack: RunningStack, library: str, name: str, content: bytes) -> dict[str, str]:
    """Upload a file as a client of its own."""
    with httpx.Client(
        base_url=stack.address,
        headers={"Authorization": f"Bearer {stack.key}"},
        timeout=60,
        trust_env=False,
        # There is no TLS, and reading the certificates would take longer than the upload.
        verify=False,
    ) as client:
        return upload(client, library, name, content)


def everything(client: httpx.Client, library: str) -> list[tuple[str, int, int]]:
    """Return the name, the pages and the chunks of each document that is ready."""
    found: list[tuple[str, int, int]] = []
    cursor: str | None = None
    while True:
        where = {"cursor": cursor} if cursor else {}
        query = {"library": library, "state": "ready", "limit": "100", **where}
        page = client.get("/v1/documents", params=query).json()
        found += [(one["filename"], one["pages"], one["chunks"]) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.fixture
def library(client: httpx.Client, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-")[:60].strip("-")
    assert client.post("/v1/libraries", json={"name": name}).status_code == 201
    return str(name)


def test_two_hundred_small_files_at_once_all_become_ready(
    stack: RunningStack, client: httpx.Client, library: str
) -> None:
    files = {f"leaf{number:03}": pdf(f"leaf{number:03}", 1, 3) for number in range(MANY)}

    with ThreadPoolExecutor(MANY) as clients:
        accepted = list(clients.map(lambda one: upload_alone(stack, library, *one), files.items()))

    assert len({one["document"] for one in accepted}) == MANY
    assert len({one["job"] for one in accepted}) == MANY
    jobs = [stack.finished(client, one["job"]) for one in accepted]
    assert [job for job in jobs if job["state"] != "succeeded"] == []
    ready = everything(client, library)
    assert sorted(ready) == sorted((f"{name}.pdf", 1, 1) for name in files)
    found = client.post("/v1/search", json={"query": "leaf137", "libraries": [library]}).json()
    assert found["passages"][0]["filename"] == "leaf137.pdf"


def test_a_short_file_does_not_wait_for_a_long_one_before_it(
    stack: RunningStack, client: httpx.Client, library: str
) -> None:
    long = upload(client, library, "long", pdf("long", LONG_PAGES, 30))
    deadline = time.monotonic() + 60
    while (before := client.get(f"/v1/jobs/{long['job']}").json())["stage"] != "embedding":
        assert time.monotonic() < deadline, before
        time.sleep(0.05)

    short = upload(client, library, "short", pdf("short", 2, 10))

    assert stack.finished(client, short["job"])["state"] == "succeeded"
    after = client.get(f"/v1/jobs/{long['job']}").json()
    assert after["state"] == "running"
    # It was in the middle of a slice, and may have begun another one.
    assert after["progress"]["done"] - before["progress"]["done"] < LONG_PAGES / 2
    assert client.delete(f"/v1/documents/{long['document']}").status_code == 204
