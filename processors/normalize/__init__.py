"""Turn one raw notification into run records, alert states or a dead letter.

A record's way: :mod:`.delivery` reads what Kafka and the headers say, :mod:`.envelope` opens the wrappers, :mod:`.run`
and :mod:`.reported` read what lies inside, :mod:`.identity` says when two notifications are the same, :mod:`.seen`
remembers, :mod:`.step` joins it for the engine. Everything here is pure: no Kafka, no clock, no files, no log.
"""

from processors.normalize.notification import normalize
from processors.normalize.refusal import Rejected
from processors.normalize.result import Identified, Normalized
from processors.normalize.step import NormalizeStep

__all__ = ["Identified", "NormalizeStep", "Normalized", "Rejected", "normalize"]
