"""The doorbell: says that there is work, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from data.errors import BrokerUnavailable
from data.settings import BrokerSettings
from workers.app import QUEUE, RUN_SLICE, app


class Bell(Protocol):
    """What can be rung."""

    def ring(self) -> None:
        """Send one ring, or raise ``BrokerUnavailable``."""
        ...


class Doorbell:
    """Rings by the task's name, so that who rings never imports the task."""

    def __init__(self, url: str, settings: BrokerSettings) -> None:
        limits = {
            "socket_timeout": settings.timeout_seconds,
            "socket_connect_timeout": settings.timeout_seconds,
        }
        self._connection: Any = app.connection_for_write(
            url, transport_options=limits, connect_timeout=settings.timeout_seconds
        )
        self._producer: Any = None

    def ring(self) -> None:
        """Send one ring, or raise ``BrokerUnavailable``; not from two threads at once."""
        with self._translated():
            if self._producer is None:
                self._producer = app.amqp.Producer(self._connection, auto_declare=False)
            app.send_task(RUN_SLICE, producer=self._producer, queue=QUEUE, retry=False)

    def check(self) -> None:
        """Raise ``BrokerUnavailable`` unless the broker answers; from the thread that rings."""
        with self._translated():
            self._connection.default_channel.client.ping()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (KombuError, OperationalError, RedisError, OSError) as error:
            self._producer = None
            self._connection.close()
            raise BrokerUnavailable from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
