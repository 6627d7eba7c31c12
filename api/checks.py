"""What the health of the deployment is made of."""

import asyncio
from collections.abc import Awaitable, Callable

from api.health import Check
from api.wholeness import Wholeness
from data.blobs import LocalBlobs
from data.database import Database
from data.ephemeral import Ephemeral
from data.errors import IndexIncomplete, LexicalUnavailable, ModelUnavailable, Unavailable
from data.lexical_follower import LexicalFollower
from data.presence import Presence
from data.vectors import VectorIndex
from retrieval.encoding import QueryEncoder
from retrieval.lanes import Lane
from retrieval.models.breaker import Circuit
from retrieval.models.opening import Models
from retrieval.models.remote import RemoteModel

# A worker says that it is alive every few seconds.
SEEN_SECONDS = 30.0
WORDS = {Circuit.CLOSED: "closed", Circuit.HALF_OPEN: "half-open", Circuit.OPEN: "open"}


def checked(call: Callable[[], Awaitable[None]], detail: str = "It answers.") -> Check:
    """Return the check that awaits a call."""

    async def check() -> str:
        await call()
        return detail

    return check


def of_catalogue(database: Database, lane: Lane) -> Check:
    """Whether the database answers."""
    return checked(lambda: lane.run(database.check))


def of_blobs(blobs: LocalBlobs, lane: Lane) -> Check:
    """Whether a file could be stored now."""
    return checked(lambda: lane.run(blobs.check), "Files can be stored.")


def of_broker(ephemeral: Ephemeral) -> Check:
    """Whether the broker's server answers."""
    return checked(ephemeral.check)


def of_index(index: VectorIndex, wholeness: Wholeness) -> Check:
    """Whether the vector index answers, with all that it should have."""

    async def check() -> str:
        await index.check()
        if lost := await wholeness.lost():
            which = "1 library is" if lost == 1 else f"{lost} libraries are"
            raise IndexIncomplete(f"The index of {which} being rebuilt.")
        return "It answers."

    return check


def of_lexical(follower: LexicalFollower) -> Check:
    """Whether the lexical index is open, with most of what it should have."""

    async def check() -> str:
        follower.index  # noqa: B018 - raises LexicalUnavailable until it is open
        if follower.is_rebuilding:
            raise LexicalUnavailable("The lexical index is being rebuilt.")
        return "It is open."

    return check


def of_workers(presence: Presence, lane: Lane) -> Check:
    """Whether any worker was seen lately."""

    async def check() -> str:
        seen = await lane.run(presence.seconds_since_seen)
        alive = sum(seconds < SEEN_SECONDS for seconds in seen.values())
        if not alive:
            raise Unavailable(f"No worker was seen within {SEEN_SECONDS:g} s: files wait.")
        return f"{alive} of {len(seen)} were seen within {SEEN_SECONDS:g} s."

    return check


def of_embedder(encoder: QueryEncoder) -> Check:
    """Whether the embedder's lane moves; nothing is encoded for it."""

    async def check() -> str:
        await encoder.check()
        return "It is loaded."

    return check


def of_model(models: Models) -> Check:
    """Whether the first language model can be asked; the extractive one is always there.

    Says how each endpoint stands, by its host; whether a fallback serves when the first does not.
    """
    endpoints = models.endpoints
    if not endpoints:
        return checked(lambda: asyncio.sleep(0), "Answers are quotes: no model is configured.")

    async def check() -> str:
        told = ", ".join(f"{one.host} {WORDS[one.breaker.state]}" for one in endpoints)
        try:
            await _require_askable(endpoints[0])
        except ModelUnavailable as error:
            raise ModelUnavailable(f"{error}. {_instead(models)} Breakers: {told}.") from error
        return f"It can be asked. Breakers: {told}."

    return check


async def _require_askable(endpoint: RemoteModel) -> None:
    if endpoint.breaker.state is Circuit.OPEN:
        raise ModelUnavailable(f"{endpoint.host} failed lately and is left alone")
    await endpoint.reach()


def _instead(models: Models) -> str:
    """Return who answers while the first endpoint does not."""
    for one in models.endpoints[1:]:
        if one.breaker.state is not Circuit.OPEN:
            return f"{one.host} is asked instead."
    return "Answers are quotes instead." if models.last else "Nothing answers instead."
