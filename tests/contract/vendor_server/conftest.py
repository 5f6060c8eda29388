"""A scripted vendor with scaled-down times, and a client that asks it."""

from collections.abc import AsyncIterator

import httpx
import pytest

import providers.vendors.litellm_vendor  # noqa: F401 - it sets LiteLLM's environment and switches before a test imports it
from fakes.vendor_server import Pace, VendorServer

SCALE = 0.01  # a second of the vendor takes ten milliseconds


@pytest.fixture
async def server() -> AsyncIterator[VendorServer]:
    async with VendorServer(pace=Pace(scale=SCALE), seed=7) as server:
        yield server


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield client
