"""Whether a client has what it asks for already."""

from starlette.datastructures import Headers


def is_fresh(headers: Headers, tag: str) -> bool:
    """Tell whether ``If-None-Match`` names the entity tag, or any."""
    known = [one.strip() for line in headers.getlist("if-none-match") for one in line.split(",")]
    return "*" in known or tag in (one.removeprefix("W/") for one in known)
