"""Encrypts what must not lie in the database as it is: the passwords of files."""

import secrets
from binascii import unhexlify
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from data.errors import SetupError
from data.files import make_private

NONCE_BYTES = 12
KEY_BYTES = 32
NOT_A_KEY = "The secret key must be 64 hexadecimal digits (32 bytes)."


class SecretBox:
    """AES-256-GCM with the deployment's key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def open(cls, configured: SecretStr | None, folder: Path) -> "SecretBox":
        """Use the configured key, else ``secret.key`` in the folder, made on first use."""
        path = folder / "secret.key"
        if configured:
            text = configured.get_secret_value()
        else:
            if not path.exists():
                make_private(path, secrets.token_hex(32))
            text = path.read_text().strip()
        try:
            key = unhexlify(text)
        except ValueError as error:
            raise SetupError(NOT_A_KEY) from error
        if len(key) != KEY_BYTES:
            raise SetupError(NOT_A_KEY)
        return cls(key)

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt text for one place; it opens nowhere else."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())

    def unseal(self, sealed: bytes, place: str) -> str:
        """Return the text, or raise ``SetupError`` when the key is another one."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, place.encode()).decode()
        except InvalidTag as error:
            raise SetupError(
                "A stored file password can't be decrypted: the secret key has changed."
            ) from error
