"""``footnote ask``: a question, its streamed answer, and the footnotes below it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.cli.client import Answer, connected
from api.cli.target import Target
from api.cli.terminal import line, plain
from data.errors import ServerRefused, Unavailable

# What the server needs beyond its own deadline to say that it has passed.
SPARE_SECONDS = 10.0
REASONS = {
    "no_documents": "nothing is ready in the libraries that were asked",
    "no_evidence": "no passage of the documents is close enough to the question",
    "model_declined": "the model found no answer in the passages",
}


@dataclass(frozen=True)
class Question:
    """What is asked, and of which libraries."""

    text: str
    libraries: tuple[str, ...] = ()
    timeout_seconds: int = 60

    def body(self, *, stream: bool) -> dict[str, object]:
        """Return the body of the request."""
        body: dict[str, object] = {"question": self.text, "stream": stream}
        body["timeout_seconds"] = self.timeout_seconds
        return {**body, "libraries": list(self.libraries)} if self.libraries else body


async def answer(target: Target, question: Question) -> Answer:
    """Return the whole answer as the server words it in JSON."""
    seconds = question.timeout_seconds + SPARE_SECONDS
    async with connected(target) as client:
        return await client.post("/v1/ask", question.body(stream=False), seconds)


async def ask(target: Target, question: Question, write: Callable[[str], None]) -> None:
    """Write the answer as it comes, then its footnotes.

    Raises what the server says instead of an answer. Being cancelled stops the server too.
    """
    async with (
        connected(target) as client,
        client.events("POST", "/v1/ask", question.body(stream=True)) as events,
    ):
        text = ""
        async for event in events:
            match event.name:
                case "token":
                    text = plain(json.loads(event.data)["text"])
                    write(text)
                case "error":
                    write("\n")
                    error = json.loads(event.data)["error"]
                    raise ServerRefused(error["message"], code=error["code"])
                case "done":
                    end = "" if text.endswith("\n") else "\n"
                    write(end + "".join(f"{each}\n" for each in below(json.loads(event.data))))
                    return
    write("\n")
    raise Unavailable("The answer broke off before its end. Ask again.")


def below(done: Answer) -> list[str]:
    """Return the lines under an answer: its footnotes, or why it has none."""
    if done["abstained"]:
        reason = REASONS.get(done["reason"], done["reason"])
        return ["", f"Not answered: {reason}."]
    notes = [""] if done["citations"] else []
    notes += _footnotes(done["citations"])
    doubtful = sum(not sentence["verified"] for sentence in done["sentences"])
    if doubtful:
        what = "1 sentence" if doubtful == 1 else f"{doubtful} sentences"
        notes += ["", f"{what} could not be verified on the pages: read them with care."]
    return notes


def _footnotes(citations: Sequence[Answer]) -> list[str]:
    ordered = sorted(citations, key=lambda citation: citation["number"])
    said = (
        f"[{c['number']}] {line(c['filename'])}, page {c['page']}, “{line(c['quote'])}”"
        + ("" if c["verified"] else " (not verified)")
        for c in ordered
    )
    return list(dict.fromkeys(said))
