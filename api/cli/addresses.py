"""Where a server that listens at a host and a port is reached from this machine."""

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound


def near(host: str) -> str:
    """Return the host to ask; one that means every interface is this machine."""
    return ANYWHERE.get(host, host)


def url(host: str, port: int) -> str:
    """Return the address of a server."""
    reached = near(host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
