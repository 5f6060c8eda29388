"""Which URLs a webhook can be sent to, and what is read in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.target import BadTarget, Target, parse_target

GOOD = [
    ("https://hooks.example", "https", "hooks.example", 443, "/", "hooks.example"),
    ("HTTPS://Hooks.Example/", "https", "hooks.example", 443, "/", "hooks.example"),
    ("http://hooks.example:8080/a/b?c=d&e=%20", "http", "hooks.example", 8080, "/a/b?c=d&e=%20", "hooks.example:8080"),
    ("https://hooks.example:443?x=1#part", "https", "hooks.example", 443, "/?x=1", "hooks.example"),
    ("http://[2606:4700::1]/x", "http", "2606:4700::1", 80, "/x", "[2606:4700::1]"),
    ("https://bücher.example/ä?ö=ü", "https", "xn--bcher-kva.example", 443, "/%C3%A4?%C3%B6=%C3%BC", None),
    ("http://１２７.0.0.1/", "http", "127.0.0.1", 80, "/", "127.0.0.1"),  # noqa: RUF001 - the wide digits are the point
]
BAD = [
    "",
    "hooks.example/x",
    "//hooks.example/x",
    "ftp://hooks.example/",
    "file:///etc/passwd",
    "https://",
    "https:///path",
    "https://user:hush@hooks.example/",
    "https://hush@hooks.example/",
    "https://@hooks.example/",
    "https://good.example\\@hush.example/",
    "https://hooks.example/\r\nX-Header: 1",
    "https://hooks\t.example/",
    "https://hooks.example/a b",
    "https://hooks.example/\x00",
    "https://hooks.example/\ud800",
    "https://hooks.example:99999/",
    "https://hooks.example:0/",
    "https://hooks.example:+80/",
    "https://hooks..example/",
    f"https://{'a' * 64}.example/",
    "https://[::1/",
    "https://[hush]/",
    "https://hooks.example%00.example/",
    "https://hooks\xa0.example/",
]


@pytest.mark.parametrize(("url", "scheme", "host", "port", "path", "header"), GOOD)
def test_url_is_taken_apart(url: str, scheme: str, host: str, port: int, path: str, header: str | None) -> None:
    target = parse_target(url)
    assert target == Target(scheme, host, port, path)
    assert target.host_header == (header or host)


@pytest.mark.parametrize("url", BAD)
def test_unusable_url_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(BadTarget) as caught:
        parse_target(url)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.text(max_size=60) | st.text(max_size=60).map(lambda rest: f"https://{rest}"))
def test_any_text_is_either_refused_or_read_as_plain_ascii(url: str) -> None:
    try:
        target = parse_target(url)
    except BadTarget:
        return
    assert target.host
    assert target.path.startswith("/")
    assert f"{target.host_header}{target.path}".isascii()
    assert not any(char <= " " for char in f"{target.host_header}{target.path}")
