"""Who is looked up."""

import socket
from typing import Any

import pytest

from tests.contract.providers.names import VENDOR


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names looked up meanwhile; only the vendor's leads anywhere."""
    names: set[str] = set()
    resolve = socket.getaddrinfo

    def record(host: str | bytes | None, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name == "127.0.0.1":  # no name; webhooks of tests before this one are tried again meanwhile
            return resolve(host, *rest, **options)
        names.add(name)
        if name != VENDOR:
            raise socket.gaierror(socket.EAI_NONAME, "only the vendor can be found here")
        return resolve("127.0.0.1", *rest, **options)

    def load(identifier: str, *_: Any, **__: Any) -> Any:
        names.add(f"the hub, for {identifier}")  # the native tokenizers look names up by themselves
        raise OSError("there is no hub here")

    monkeypatch.setattr(socket, "getaddrinfo", record)
    monkeypatch.setattr("litellm.rust_bridge.tokenizer.from_pretrained", load)
    return names
