"""Run the vendor as a process: python -m tests.vendor_server --port 8099 --latency 0."""

import argparse
import asyncio

from tests.vendor_server import Behaviour, VendorServer


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.vendor_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every response")
    parser.add_argument("--behaviour", choices=[behaviour.value for behaviour in Behaviour], default=Behaviour.GOOD)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> None:
    server = VendorServer([arguments.behaviour], arguments.latency)
    await server.start(arguments.port)
    print(server.base_url, flush=True)  # noqa: T201 - the address is this program's output
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
