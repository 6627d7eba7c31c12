"""Settings come from the environment, and from nowhere else."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from data.settings import Settings, dotenv


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a ``.env`` file that nobody but ``up`` may read."""
    (tmp_path / ".env").write_text("FOOTNOTE_API__PORT=1\n")
    monkeypatch.chdir(tmp_path)


class TestTheEnvironment:
    def test_sets_sections_by_name(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("FOOTNOTE_HOME", "somewhere")
        monkeypatch.setenv("FOOTNOTE_API__PORT", "8123")
        monkeypatch.setenv("FOOTNOTE_MODEL__BASE_URL", "http://model/v1")
        monkeypatch.setenv("FOOTNOTE_MODEL__API_KEY", "secret words")
        monkeypatch.setenv("FOOTNOTE_OF_ANOTHER_PROGRAM", "1")

        settings = Settings()

        assert settings.api.port == 8123
        assert settings.model.base_url == "http://model/v1"
        assert settings.folder == tmp_path / "somewhere"
        assert settings.database_url == f"sqlite:///{tmp_path}/somewhere/catalogue.db"
        assert "secret words" not in repr(settings)

    def test_lists_the_models_to_fall_back_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FOOTNOTE_MODEL__BASE_URL", "http://a/v1")
        monkeypatch.setenv("FOOTNOTE_MODEL__API_KEY", "key of the first")
        monkeypatch.setenv("FOOTNOTE_MODEL__CONNECT_SECONDS", "2")
        monkeypatch.setenv(
            "FOOTNOTE_MODEL__FALLBACKS",
            '[{"base_url": "http://b/v1", "name": "b"},'
            ' {"provider": "anthropic", "api_key": "k2"}]',
        )

        first, second, third = Settings().model.endpoints

        assert [one.base_url for one in (first, second, third)] == [
            "http://a/v1",
            "http://b/v1",
            None,
        ]
        # No endpoint is sent the key of another.
        assert (first.name, second.name, second.api_key) == (None, "b", None)
        assert (third.provider, second.connect_seconds) == ("anthropic", 2)
        assert "k2" not in repr(third)

    def test_that_says_nothing_leaves_the_defaults(self) -> None:
        settings = Settings()

        assert settings.api.port == 8000
        assert settings.folder == Path("var").absolute()
        assert settings.model.base_url is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("FOOTNOTE_API__PORT", "many"),
            ("FOOTNOTE_API__PORT", "70000"),
            ("FOOTNOTE_CHUNKING__MAX_TOKENS", "0"),
            ("FOOTNOTE_API__PROT", "8000"),
        ],
    )
    def test_that_makes_no_sense_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)

        with pytest.raises(ValidationError):
            Settings()


def test_a_dotenv_file_gives_way_to_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "some.env"
    path.write_text("FOOTNOTE_HOME=a\nfootnote_api__port=1\nPATH=x\nFOOTNOTE_LOGS__LEVEL\n")
    monkeypatch.setenv("FOOTNOTE_HOME", "b")

    assert dotenv(path) == {"FOOTNOTE_API__PORT": "1"}
