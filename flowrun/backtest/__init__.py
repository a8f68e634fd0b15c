"""Try rules on recorded runs: what would have fired, and what the present rules fired instead.

A run's way: :mod:`.sources` reads runs (or notifications, which :mod:`.raw` normalises), :mod:`.judge` shows each to
the candidate's rules and to the present ones (:mod:`.books` says which of these need it), :mod:`.watching` applies it
by the core of the ``watch`` agent, :mod:`.fired` gathers transitions into incidents, :mod:`.orgs` counts the failing
flows of organisations. :mod:`.compare` holds both lists against each other, :mod:`.report` tells the result.
:mod:`.crew` spreads the partitions of many runs over processes.
"""
