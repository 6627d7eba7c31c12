"""The settings as the command line reads them: once, with a clear word on what is wrong."""

from pathlib import Path

from pydantic import ValidationError

from data.settings import Settings
from data.setup_errors import SettingsInvalid


def read(env_file: Path | None = None) -> Settings:
    """Return the settings of the environment, and of a ``.env`` file if one is given.

    Raises ``SettingsInvalid``, which names the variables and never their values.
    """
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        said = (f"{_variable(each['loc'])}: {each['msg']}" for each in error.errors())
        raise SettingsInvalid("These settings can't be used. " + "; ".join(said)) from None


def _variable(place: tuple[int | str, ...]) -> str:
    return "FOOTNOTE_" + "__".join(str(part).upper() for part in place)
