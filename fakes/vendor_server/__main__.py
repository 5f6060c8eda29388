"""Run the vendor as a process: python -m fakes.vendor_server --port 8099 --behaviour "5% stall" --tokens-per-second 80.

It prints its address when it listens. POST /_control changes what it does, GET /_control tells what it saw.
"""

import argparse
import asyncio
import sys

import msgspec

from fakes.vendor_server import Pace, VendorServer
from fakes.vendor_server.behaviours import Behaviour, checked
from fakes.vendor_server.failures import UNSUPPORTED

_PACE = {field.name: field for field in msgspec.structs.fields(Pace)}


def main() -> None:
    """Serve until the process is ended."""
    arguments = _parser().parse_args()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fakes.vendor_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--behaviour", action="append", type=checked, help="again for every further call, see Behaviour"
    )
    parser.add_argument("--refuses", action="append", choices=[form.value for form in UNSUPPORTED], default=[])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", type=int, default=0, help="how many requests and bills are kept")
    for name, field in _PACE.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(field.default), default=field.default)
    return parser


def _loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


async def _serve(arguments: argparse.Namespace) -> None:
    pace = Pace(**{name: getattr(arguments, name) for name in _PACE})
    server = VendorServer(
        arguments.behaviour or (Behaviour.GOOD,),
        pace=pace,
        refuses=arguments.refuses,
        seed=arguments.seed,
        keep=arguments.keep,
    )
    await server.start(arguments.port)
    print(server.base_url, flush=True)  # noqa: T201 - the address is this program's output
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
