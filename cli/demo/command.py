"""Starts what the story needs, tells it, and cleans up."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import httpx
import msgspec
from rich.console import Console

from cli.demo.receiver import Receiver, receiving
from cli.demo.story import FAILING, PASSING, Student
from cli.demo.transcript import Transcript, Unexpected
from serving.starting import NotStarted, free_port, wait_until_ready

PROFILES = Path(__file__).parent.parent.parent / "examples" / "profiles"
RETAKE = (sys.executable, "-m", "cli")
READING_SECONDS, READING_TRIES = 0.2, 50  # how long the student reads the result of a failed attempt
PROVIDERS = """
vendors: [{name: sandbox, model: sandbox}]
chain: [sandbox]
ahead: {}
"""
EVENTS = 3  # initiated, completed (failed), completed (passed)


@click.command()
@click.option("--student", default="data-analyst", show_default=True, help="A file name in examples/profiles.")
def demo(student: str) -> None:
    """Walk an example student through generate, fail, retake, pass and archive, over HTTP, on a fresh database."""
    file = PROFILES / f"{student}.json"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in PROFILES.glob("*.json")))
        raise click.BadParameter(f"there is no example student {student!r}; known are {known}")
    transcript = Transcript(Console(highlight=False))
    try:
        with tempfile.TemporaryDirectory(prefix="retake-demo-") as folder, receiving() as receiver:
            environment = _environment(Path(folder))
            transcript.chapter("A server, with the offline sandbox as its model vendor and a fresh database")
            with _server(environment, Path(folder) / "server.log") as base_url:
                transcript.say(f"listening on {base_url}")
                api_key = _credentials(environment, receiver)
                profile = msgspec.json.decode(file.read_bytes())
                _tell(transcript, base_url, profile, api_key=api_key, receiver=receiver)
    except Unexpected as error:
        raise click.ClickException(str(error)) from error


def _tell(
    transcript: Transcript, base_url: str, profile: dict[str, object], *, api_key: str, receiver: Receiver
) -> None:
    with httpx.Client(base_url=base_url, timeout=100) as client:
        student = Student(client, transcript, profile)
        transcript.chapter("1. The platform sends a student's evidence")
        student.open(api_key, receiver.url)
        transcript.chapter("2. What is to be verified, and which items the questions may draw on")
        student.choose()
        transcript.chapter("3. The first question set")
        first = student.generate()
        student.show(first[0])
        transcript.chapter("4. A failed attempt")
        student.submit(first, right=FAILING)
        transcript.chapter("5. The retake: a fresh set replaces the old one")
        _wait_until_prepared(base_url)
        student.retake_at_once()
        student.retake_slowly()
        second = student.retake(first)
        student.show(second[0])
        transcript.chapter("6. A passed attempt locks the assessment")
        student.submit(second, right=PASSING)
        student.be_refused()
        transcript.chapter("7. The archive")
        student.read_archive(first)
        transcript.chapter("8. What the platform was told")
        events = receiver.wait_for(EVENTS)
        for event in events:
            transcript.event(event)
        transcript.check(len(events) == EVENTS, "every event arrived")


def _wait_until_prepared(base_url: str) -> None:
    """Read the result, as a student does: until the metrics say that a set was put aside."""
    metrics = base_url.removesuffix("/api/v1") + "/metrics"
    for _ in range(READING_TRIES):
        if 'event="prepared"' in httpx.get(metrics).text:
            return
        time.sleep(READING_SECONDS)


def _environment(folder: Path) -> dict[str, str]:
    providers = folder / "providers.yaml"
    providers.write_text(PROVIDERS)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RETAKE_")}
    return {
        **inherited,
        "RETAKE_DATA_DIR": str(folder),
        "RETAKE_PROVIDERS": str(providers),
        "RETAKE_ALLOW_PRIVATE_WEBHOOKS": "1",
    }


def _credentials(environment: Mapping[str, str], receiver: Receiver) -> str:
    """Make a test key for the story; the receiver gets the webhook secret."""
    command = (*RETAKE, "keys", "create", "--mode", "test", "--name", "demo")
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603  # our own command
    receiver.secret, api_key = printed.splitlines()[-2:]
    return api_key


@contextmanager
def _server(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    port = free_port()
    with log.open("wb") as file:
        command = (*RETAKE, "serve", "--port", str(port))
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=file)  # noqa: S603  # our own command
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready")
        yield f"http://127.0.0.1:{port}/api/v1"
    except NotStarted:
        raise Unexpected(f"the server did not start:\n{log.read_text()}") from None
    finally:
        process.terminate()
        process.wait()
