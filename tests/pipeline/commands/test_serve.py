"""The demo's file server."""

import urllib.error
import urllib.request

import pytest

from interlink.pipeline.commands.serve import serve_folder


def test_files_of_the_folder_come_over_loopback(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"bytes")
    with serve_folder(tmp_path) as base:
        assert base.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{base}/a.bin") as answer:
            assert answer.read() == b"bytes"


def test_two_servers_at_once_have_ports_of_their_own(tmp_path):
    with serve_folder(tmp_path) as one, serve_folder(tmp_path) as other:
        assert one != other


def test_after_the_demo_nobody_answers(tmp_path):
    with serve_folder(tmp_path) as base:
        pass
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(f"{base}/a.bin")
