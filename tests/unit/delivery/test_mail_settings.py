"""What the SMTP URL says, and which ones are turned down."""

import pytest

from delivery.mail_settings import BadAddress, BadMailSettings, mail_address, parse_smtp_url

FROM = "from=no-reply@example.org"
GOOD = [
    (f"smtp://mail.example?{FROM}", 25, False, None),
    (f"smtp://mail.example/?{FROM}", 25, False, None),
    (f"smtp://mail.example?{FROM}&starttls=1", 587, False, True),
    (f"smtp://mail.example:2525?{FROM}&starttls=0", 2525, False, False),
    (f"smtp://u:p@mail.example?{FROM}", 587, False, True),
    (f"smtp://u:p@mail.example?{FROM}&starttls=0", 25, False, False),
    (f"smtps://u:p@mail.example?{FROM}", 465, True, False),
    (f"smtps://mail.example:4650?{FROM}&starttls=0", 4650, True, False),
]
BAD = [
    ("", "begin with"),
    ("mail.example", "begin with"),
    (f"http://u:hush@mail.example?{FROM}", "begin with"),
    (f"smtp://?{FROM}", "host"),
    (f"smtp://u:hush@mail.example:port?{FROM}", "host or port"),
    (f"smtp://u:hush@mail.example:0?{FROM}", "host or port"),
    (f"smtp://u:hu/sh@mail.example?{FROM}", "host or port"),
    (f"smtp://mail.example/hush?{FROM}", "path"),
    (f"smtp://u@mail.example?{FROM}", "both"),
    (f"smtp://:hush@mail.example?{FROM}", "both"),
    ("smtp://u:hush@mail.example", "from"),
    ("smtp://mail.example?from=", "from"),
    ("smtp://mail.example?from=nobody", "from"),
    ("smtp://mail.example?from=a@b.example,c@d.example", "from"),
    ("smtp://mail.example?from=a@b.example%0d%0aBcc:x@y.example", "from"),
    (f"smtp://mail.example?{FROM}&{FROM}", "twice"),
    (f"smtp://mail.example?{FROM}&tls=1", "unknown options: tls"),
    (f"smtp://mail.example?{FROM}&starttls", "malformed"),
    (f"smtp://mail.example?{FROM}&starttls=yes", "0 or 1"),
    (f"smtps://mail.example?{FROM}&starttls=1", "from the start"),
]


@pytest.mark.parametrize(("url", "port", "tls", "starttls"), GOOD)
def test_port_and_encryption_follow_from_the_url(url: str, port: int, tls: bool, starttls: bool | None) -> None:
    settings = parse_smtp_url(url)
    assert (settings.host, settings.port, settings.tls, settings.starttls) == ("mail.example", port, tls, starttls)
    assert str(settings.sender) == "no-reply@example.org"


def test_names_and_credentials_are_decoded() -> None:
    settings = parse_smtp_url(
        "smtp://me%40example.org:p%40ss%2Fword@mail.example:587?from=Ret%C3%A4ke%20%3Cno-reply@example.org%3E&starttls=1"
    )
    assert (settings.username, settings.password) == ("me@example.org", "p@ss/word")
    assert (settings.sender.display_name, settings.sender.addr_spec) == ("Retäke", "no-reply@example.org")


def test_password_is_not_shown() -> None:
    shown = repr(parse_smtp_url(f"smtp://someone:hush@mail.example?{FROM}"))
    assert "hush" not in shown
    assert "mail.example:587" in shown


@pytest.mark.parametrize(("url", "words"), BAD)
def test_bad_url_is_refused_with_a_reason_that_holds_no_password(url: str, words: str) -> None:
    with pytest.raises(BadMailSettings, match=words) as caught:
        parse_smtp_url(url)
    assert "hush" not in str(caught.value)
    assert "hu/sh" not in str(caught.value)


@pytest.mark.parametrize("text", ["ada@example.org", '"ada l"@example.org', "ada@[192.0.2.1]"])
def test_address_is_taken(text: str) -> None:
    assert mail_address(text).addr_spec == text


def test_domain_is_put_into_ascii() -> None:
    assert mail_address("ada@bücher.example").addr_spec == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a@b.example, c@d.example",
        "Ada <a@b.example>",
        "a@b.example\r\nBcc: c@d",
        "a@b c",
    ],
)
def test_anything_but_one_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        mail_address(text)
