"""A scriptable model vendor over loopback HTTP."""

from tests.vendor_server.behaviours import Behaviour
from tests.vendor_server.server import VendorServer

__all__ = ["Behaviour", "VendorServer"]
