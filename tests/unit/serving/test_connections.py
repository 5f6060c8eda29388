"""Places for connections: bounded in total and per address, and never all held by those who ask for nothing."""

import pytest
import structlog

from serving.connections import LOG_PAUSE_SECONDS, Connections
from serving.limits import Limits
from serving.server import _trusted


class Line:
    """A connection that remembers whether it was ended."""

    is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def _places(total: int = 100, each: int = 100) -> Connections:
    return Connections(Limits(connections=total, connections_per_address=each))


def test_an_address_gets_its_places_and_gets_them_back() -> None:
    places, first, second = _places(each=1), Line(), Line()
    assert places.admit(first, "10.0.0.1")
    assert not places.admit(second, "10.0.0.1")
    assert places.admit(Line(), "10.0.0.2")
    places.gone(second)  # it was not admitted, and frees nothing
    assert not places.admit(second, "10.0.0.1")
    places.gone(first)
    assert places.admit(second, "10.0.0.1")


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_a_host_that_chooses_among_addresses_is_one(one: str, other: str, *, are_one: bool) -> None:
    places = _places(each=1)
    assert places.admit(Line(), one)
    assert places.admit(Line(), other) is not are_one


def test_a_trusted_proxy_has_no_bound_of_its_own() -> None:
    places = Connections(Limits(connections_per_address=1), _trusted("10.0.0.0/8, 192.168.0.1"))
    assert all(places.admit(Line(), address) for address in ("10.0.0.1", "10.0.0.1", "192.168.0.1", "192.168.0.1"))
    assert [places.admit(Line(), "172.16.0.1") for _ in range(2)] == [True, False]


def test_of_those_without_a_request_the_longest_waiting_makes_room() -> None:
    places = _places(total=3)
    lines = [Line() for _ in range(3)]
    assert all(places.admit(line, "10.0.0.1") for line in lines)
    places.works(lines[0])
    places.works(lines[1])
    places.waits(lines[0])  # has waited since now only
    assert places.admit(Line(), "10.0.0.2")
    assert [line.is_aborted for line in lines] == [False, False, True]
    assert places.admit(Line(), "10.0.0.2")
    assert [line.is_aborted for line in lines] == [True, False, True]


def test_where_all_work_nobody_makes_room() -> None:
    places, line = _places(total=1), Line()
    assert places.admit(line, "10.0.0.1")
    places.works(line)
    assert not places.admit(Line(), "10.0.0.2")
    assert not line.is_aborted


def test_that_all_places_are_taken_is_said_once_in_a_while() -> None:
    now = 0.0
    places = Connections(Limits(connections=1), clock=lambda: now)
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            places.admit(Line(), "10.0.0.1")
        now += LOG_PAUSE_SECONDS
        places.admit(Line(), "10.0.0.1")
    assert [(entry["event"], entry["limit"]) for entry in logs] == [("connections_full", 1)] * 2
    assert "10.0.0.1" not in str(logs)
