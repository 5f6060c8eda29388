"""What can become of a connection, seen by a bare client."""

import asyncio
import json
import ssl

import httpx
import pytest

from fakes.vendor_server import Behaviour, Pace, VendorServer
from fakes.vendor_server.unreachable import UNKNOWN_HOST, over_tls, refusing, self_signed
from tests.contract.vendor_server.raw import DIALECTS, body, hear, post, read, url
from tests.contract.vendor_server.timeline import Timeline
from tests.waiting import until

SILENT_SECONDS = 0.5  # until a client takes a vendor for silent
PATIENT = httpx.Timeout(10.0)
IMPATIENT = httpx.Timeout(10.0, read=SILENT_SECONDS)  # to connect may take its time
MODES = [(dialect, stream) for dialect in DIALECTS for stream in (False, True)]


async def receive(
    client: httpx.AsyncClient, server: VendorServer, dialect: str, *, stream: bool, patience: httpx.Timeout = PATIENT
) -> tuple[str, type[Exception] | None, bool]:
    """What arrives before it breaks, how it breaks, and whether there were headers."""
    arrived, headers = "", False
    asked = client.stream("POST", url(server, dialect), json=body(dialect, stream=stream), timeout=patience)
    try:
        async with asked as response:
            headers = True
            async for text in response.aiter_text():
                arrived += text
    except httpx.TransportError as error:
        return arrived, type(error), headers
    return arrived, None, headers


@pytest.mark.parametrize(("dialect", "stream"), MODES)
@pytest.mark.parametrize(
    ("behaviour", "error", "headers"),
    [
        (Behaviour.HANG, httpx.ReadTimeout, False),
        (Behaviour.DROP, httpx.RemoteProtocolError, False),
        (Behaviour.RESET, httpx.ReadError, False),
        (Behaviour.HANG_MID_BODY, httpx.ReadTimeout, True),
        (Behaviour.CLOSE_MID_BODY, httpx.RemoteProtocolError, True),
        (Behaviour.RESET_MID_BODY, httpx.ReadError, True),
    ],
)
async def test_an_answer_breaks_off_where_it_should(
    client: httpx.AsyncClient,
    server: VendorServer,
    dialect: str,
    stream: bool,
    behaviour: Behaviour,
    error: type[Exception],
    headers: bool,
) -> None:
    server.reset(behaviour)
    patience = IMPATIENT if error is httpx.ReadTimeout else PATIENT
    arrived, seen, had_headers = await receive(client, server, dialect, stream=stream, patience=patience)
    assert (seen, had_headers) == (error, headers)
    assert bool(arrived) == headers


@pytest.mark.parametrize(("dialect", "stream"), MODES)
@pytest.mark.parametrize("behaviour", [Behaviour.STALL, Behaviour.SLOW_FIRST_TOKEN])
async def test_a_slow_answer_is_whole_in_the_end(
    client: httpx.AsyncClient, dialect: str, stream: bool, behaviour: Behaviour
) -> None:
    pace = Pace(stall_seconds=20, slow_first_token_seconds=20)
    async with VendorServer([behaviour], pace=pace, clock=Timeline()) as server:
        heard = await hear(client, server, dialect, stream=stream)
        assert len(heard.items) == 4
        assert server.bills[-1].seconds == 20


async def test_a_stall_comes_after_items_and_a_slow_first_token_before_them(
    client: httpx.AsyncClient, server: VendorServer
) -> None:
    server.reset(Behaviour.STALL, Behaviour.SLOW_FIRST_TOKEN)
    server.pace.slow_first_token_seconds = 60
    stalled, *_ = await receive(client, server, "openai", stream=True, patience=IMPATIENT)
    slow, *_ = await receive(client, server, "openai", stream=True, patience=IMPATIENT)
    assert "s1" in read("openai", stalled.rpartition("\n\n")[0]).text
    assert read("openai", slow.rpartition("\n\n")[0]).text == ""


@pytest.mark.parametrize(("dialect", "stream"), MODES)
async def test_a_drip_is_a_byte_at_a_time_and_never_a_read_timeout(
    client: httpx.AsyncClient, server: VendorServer, dialect: str, stream: bool
) -> None:
    server.reset(Behaviour.DRIP)
    receiving = asyncio.create_task(receive(client, server, dialect, stream=stream, patience=IMPATIENT))
    await asyncio.sleep(1.2 * SILENT_SECONDS)
    assert not receiving.done()
    receiving.cancel()
    await until(lambda: bool(server.totals.hung_up))
    assert 5 < server.bills[-1].bytes_sent < 1_000


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_error_within_a_stream_has_the_form_of_the_dialect(
    client: httpx.AsyncClient, server: VendorServer, dialect: str
) -> None:
    server.reset(Behaviour.STREAM_ERROR)
    arrived, error, _ = await receive(client, server, dialect, stream=True)
    heard = read(dialect, arrived)
    assert error is None
    assert heard.text
    assert heard.finish is None
    assert heard.events[-1] == "error"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_broken_stream_holds_an_event_that_is_no_json(
    client: httpx.AsyncClient, server: VendorServer, dialect: str
) -> None:
    server.reset(Behaviour.BROKEN_STREAM)
    arrived, error, _ = await receive(client, server, dialect, stream=True)
    assert error is None
    with pytest.raises(json.JSONDecodeError):
        read(dialect, arrived)


async def test_a_fault_in_the_middle_can_be_moved(client: httpx.AsyncClient, server: VendorServer) -> None:
    server.reset(Behaviour.CLOSE_MID_BODY)
    sizes = []
    for server.pace.break_at in (0.1, 0.9):
        arrived, *_ = await receive(client, server, "openai", stream=True)
        sizes.append(len(arrived))
    assert sizes[1] > 5 * sizes[0]


async def test_nobody_listens_at_a_refusing_address(client: httpx.AsyncClient) -> None:
    with refusing() as address, pytest.raises(httpx.ConnectError) as caught:
        await client.post(address)
    assert "All connection attempts failed" in str(caught.value)


async def test_an_unknown_host_has_no_address(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectError, match=r"Name or service not known|resolution|nodename"):
        await client.post(UNKNOWN_HOST)


async def test_plain_http_at_an_https_address_fails_in_the_handshake(
    client: httpx.AsyncClient, server: VendorServer
) -> None:
    with pytest.raises(httpx.ConnectError, match="SSL"):
        await client.post(over_tls(server.base_url))
    assert server.calls == 0


async def test_a_certificate_that_nobody_trusts_is_refused_by_the_client(client: httpx.AsyncClient) -> None:
    async with VendorServer(tls=self_signed()) as server:
        with pytest.raises(httpx.ConnectError, match="self-signed"):
            await post(client, server, "openai")
        assert server.calls == 0


async def test_a_client_that_does_not_check_the_certificate_gets_its_answer() -> None:
    no_check = ssl.create_default_context()
    no_check.check_hostname, no_check.verify_mode = False, ssl.CERT_NONE
    async with VendorServer(tls=self_signed()) as server, httpx.AsyncClient(verify=no_check) as client:
        assert len((await hear(client, server, "openai", stream=True)).items) == 4
