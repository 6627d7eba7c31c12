"""What may be lost at any moment, in Redis or Valkey."""

import redis.asyncio
from redis.exceptions import RedisError

from data.errors import BrokerUnavailable
from data.settings import BrokerSettings


class Ephemeral:
    """An async client of the broker's server."""

    def __init__(self, url: str, settings: BrokerSettings) -> None:
        self._client = redis.asyncio.from_url(
            redis_address(url),
            socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.timeout_seconds,
        )

    async def check(self) -> None:
        """Raise ``BrokerUnavailable`` unless the server answers."""
        try:
            await self._client.ping()
        except (RedisError, OSError) as error:
            raise BrokerUnavailable from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def redis_address(url: str) -> str:
    """Return the broker's address as redis-py reads it: Celery writes a socket's in its own way."""
    return url.replace("redis+socket://", "unix://", 1)
