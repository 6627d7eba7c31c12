"""Where the server is, and the key for it, as the client commands find them."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from api.cli.addresses import url
from api.cli.home import published
from data.errors import Invalid, Unauthenticated
from data.settings import Settings
from data.setup_errors import SettingsInvalid


@dataclass(frozen=True)
class Target:
    """An address and a key for it."""

    address: str
    key: str = field(repr=False)

    @property
    def is_near(self) -> bool:
        """Whether it is this machine, which no proxy leads to."""
        host = urlsplit(self.address).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def find(settings: Settings, address: str | None, key_file: Path | None) -> Target:
    """Return what was asked for, else what the settings say, else what runs on the home.

    Raises ``Unauthenticated`` when there is no key, ``Invalid`` and ``SettingsInvalid`` when what
    is given is no address or no key.
    """
    where = (address or _address(settings)).rstrip("/")
    if urlsplit(where).scheme not in ("http", "https") or not urlsplit(where).hostname:
        raise Invalid(f"{where} is not an address: give one like http://127.0.0.1:8000.")
    return Target(where, _key(settings, key_file))


def _address(settings: Settings) -> str:
    given = settings.api.model_fields_set & {"host", "port"} and settings.api.port
    if not given and (found := published(settings.folder)):
        return found
    return url(settings.api.host, settings.api.port or 8000)


def _key(settings: Settings, key_file: Path | None) -> str:
    if key_file is None and settings.admin_key is not None:
        key, source = settings.admin_key.get_secret_value(), "FOOTNOTE_ADMIN_KEY"
    else:
        path = key_file or settings.folder / "admin.key"
        key, source = _read(path), str(path)
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsInvalid(f"What {source} holds is not a key.")
    return key


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unauthenticated(
            f"There is no key at {path} ({error.strerror}): start Footnote here with `make run`, "
            "or give a key with --key-file or FOOTNOTE_ADMIN_KEY."
        ) from error
