"""Ports that are held for our own servers."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.cli import ports
from data.setup_errors import PortTaken

HOST = "127.0.0.1"


class TestReserve:
    def test_names_the_setting_when_another_program_listens(self) -> None:
        with socket.create_server((HOST, 0)) as other, ExitStack() as holder:
            port = other.getsockname()[1]

            with pytest.raises(PortTaken, match=f"Port {port} .* FOOTNOTE_API__PORT"):
                ports.reserve(HOST, port, holder)

    def test_is_taken_too_when_another_program_listens_on_one_interface(self) -> None:
        with (
            socket.create_server((HOST, 0)) as other,
            ExitStack() as holder,
            pytest.raises(PortTaken),
        ):
            ports.reserve("0.0.0.0", other.getsockname()[1], holder)

    def test_lets_our_own_server_listen_and_gives_the_port_to_nobody_else(self) -> None:
        with ExitStack() as holder:
            port = ports.reserve(HOST, 0, holder)

            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind((HOST, port))
            with socket.create_server((HOST, port)) as ours:
                assert ours.getsockname()[1] == port

    def test_a_host_that_is_none_is_a_clear_refusal(self) -> None:
        with ExitStack() as holder, pytest.raises(PortTaken, match="FOOTNOTE_API__HOST"):
            ports.reserve("203.0.113.1", 0, holder)


class TestRemembered:
    def test_is_the_same_port_as_long_as_it_is_free(self, tmp_path: Path) -> None:
        note = tmp_path / "port"
        with ExitStack() as holder:
            first = ports.remembered(HOST, note, holder)
        with ExitStack() as holder:
            second = ports.remembered(HOST, note, holder)

        assert first == second

    def test_is_another_one_when_somebody_else_has_it(self, tmp_path: Path) -> None:
        note = tmp_path / "port"
        with socket.create_server((HOST, 0)) as other, ExitStack() as holder:
            note.write_text(str(other.getsockname()[1]))

            assert ports.remembered(HOST, note, holder) != other.getsockname()[1]
            assert int(note.read_text()) != other.getsockname()[1]

    @pytest.mark.parametrize("text", ["", "x", "99999999999999", "-1"])
    def test_a_damaged_note_is_written_again(self, tmp_path: Path, text: str) -> None:
        note = tmp_path / "port"
        note.write_text(text)

        with ExitStack() as holder:
            assert ports.remembered(HOST, note, holder) == int(note.read_text())
