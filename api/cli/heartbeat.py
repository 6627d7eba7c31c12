"""Whether a server of this machine answers."""

from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException


def answers(host: str, port: int, path: str) -> Callable[[], bool]:
    """Return a question that never raises: does a GET answer 200?

    (Not httpx: it loads certificates for 30 ms each time, and may ask a proxy.)
    """

    def asked() -> bool:
        with closing(HTTPConnection(host, port, timeout=2.0)) as connection:
            try:
                connection.request("GET", path)
                return connection.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    return asked
