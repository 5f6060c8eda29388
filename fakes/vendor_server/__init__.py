"""A scriptable model vendor over loopback HTTP."""

from fakes.vendor_server.behaviours import Behaviour
from fakes.vendor_server.counters import Bill, Totals
from fakes.vendor_server.pace import Pace
from fakes.vendor_server.server import VendorServer

__all__ = ["Behaviour", "Bill", "Pace", "Totals", "VendorServer"]
