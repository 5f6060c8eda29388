"""The platform's end of a webhook: receives, verifies, remembers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

ARRIVAL_SECONDS = 10.0


class Receiver:
    """Collects verified events; `url` is where to send them."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/webhooks"
        self.secret = ""
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()

    def accept(self, body: bytes, headers: dict[str, str]) -> bool:
        """Keep an event if its signature is right."""
        try:
            Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            return False
        with self._changed:
            self._events.append(msgspec.json.decode(body))
            self._changed.notify_all()
        return True

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Give all events once there are `count`, or those that came within ten seconds."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) >= count, timeout=ARRIVAL_SECONDS)
            return list(self._events)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(204 if receiver.accept(body, headers) else 401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the transcript is for people."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()
