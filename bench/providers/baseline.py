"""Bare LiteLLM calls: what somebody would write without this layer."""

import asyncio

from providers import prompts
from providers.config import VendorConfig
from providers.protocol import Order, ResponseFormat
from providers.vendors.response_formats import format_parameters


async def bare_calls(vendor: VendorConfig, key: str, orders: list[Order]) -> list[str]:
    """Send each order once, all at the same time, and give the texts."""
    return list(await asyncio.gather(*(_bare_call(vendor, key, order) for order in orders)))


async def _bare_call(vendor: VendorConfig, key: str, order: Order) -> str:
    prompt = prompts.build(order)
    import litellm  # after our adapter, which sets what it reads while it is imported

    response = await litellm.acompletion(
        model=vendor.model,
        api_base=vendor.api_base,
        api_key=key,
        messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        stream=vendor.stream,
        max_retries=0,
        num_retries=0,
        timeout=60,
        **format_parameters(ResponseFormat.JSON_SCHEMA, order),
    )
    if not vendor.stream:
        return str(response.choices[0].message.content)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in response if chunk.choices])
