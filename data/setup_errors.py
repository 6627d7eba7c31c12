"""The branch of the error tree for the person who runs Footnote."""

from data.errors import SetupError


class WrongRevision(SetupError):
    """The database has another schema than this program. Run `footnote migrate`."""

    code = "wrong_revision"


class HomeInUse(SetupError):
    """Another `footnote up` runs on this home already."""

    code = "home_in_use"


class PortTaken(SetupError):
    """The port is in use by another program."""

    code = "port_taken"


class ProgramFailed(SetupError):
    """A program that Footnote needs does not start."""

    code = "program_failed"


class SettingsInvalid(SetupError):
    """A setting has a value that is not allowed."""

    code = "settings_invalid"


class EmbedderInvalid(SetupError):
    """The embedding model can't be used."""

    code = "embedder_invalid"


class FingerprintMismatch(SetupError):
    """A library was embedded with another model. Configure that model again."""

    code = "fingerprint_mismatch"
