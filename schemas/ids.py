"""Name the identifiers that travel through every topic."""

from typing import NewType

FlowId = NewType("FlowId", str)
"""A dataflow, stable over all its runs."""

RunId = NewType("RunId", str)
"""One run of a flow. A retried run gets a new one."""

EventId = NewType("EventId", str)
"""One notification: the sender's event id, or ``derived:`` and 32 hex digits where it sent none."""
