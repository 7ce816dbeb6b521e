"""An address where nobody listens is told at once."""

import socket

import pytest

from interlink.pipeline.engines.address import check_reachable
from interlink.schemas.errors import EnvironmentFault


@pytest.mark.parametrize("scheme", ["", "ray://", "http://"])
def test_somebody_listens(scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable(f"{scheme}127.0.0.1:{server.getsockname()[1]}", what="Ray", fix="start it")


@pytest.mark.parametrize("word", ["local", "auto", "embed"])
def test_words_are_left_to_the_engine(word):
    check_reachable(word, what="Ray", fix="start it")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_nobody_listens(address):
    with pytest.raises(
        EnvironmentFault, match=rf"^cannot reach Ray at '{address}': .*refused; start it$"
    ):
        check_reachable(address, what="Ray", fix="start it")


def test_a_port_that_is_no_number_is_told_with_the_address():
    with pytest.raises(EnvironmentFault, match=r"^Beam cannot be at 'host:port': .*; mend it$"):
        check_reachable("host:port", what="Beam", fix="mend it")
