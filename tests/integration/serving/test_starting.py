"""Who starts a server waits until it answers well, and no longer than it lives."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from serving.starting import NotStarted, free_port, wait_until_ready


class ReadyAtThirdLook(BaseHTTPRequestHandler):
    looks = 0

    def do_GET(self) -> None:
        ReadyAtThirdLook.looks += 1
        self.send_response(HTTPStatus.OK if self.looks >= 3 else HTTPStatus.SERVICE_UNAVAILABLE)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def running(code: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen((sys.executable, "-c", code), stdin=subprocess.PIPE) as process:
        yield process


def test_a_server_that_is_not_ready_yet_is_looked_at_again() -> None:
    server = HTTPServer(("127.0.0.1", 0), ReadyAtThirdLook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with running("input()") as process:
            wait_until_ready(process, f"http://127.0.0.1:{server.server_port}/")
            process.terminate()
    finally:
        server.shutdown()
        server.server_close()
    assert ReadyAtThirdLook.looks == 3


def test_a_server_that_ends_while_starting_is_not_waited_for() -> None:
    with running("raise SystemExit(3)") as process, pytest.raises(NotStarted):
        wait_until_ready(process, f"http://127.0.0.1:{free_port()}/")
    assert process.returncode == 3
