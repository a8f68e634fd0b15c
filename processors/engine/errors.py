"""Name the situations in which a partition cannot go on."""


class EngineError(Exception):
    """Something that the engine has to act on."""


class TransactionLost(EngineError):
    """The transaction was not committed, or nobody knows: the state topic tells. Reopen and process again."""


class Fenced(EngineError):
    """Another producer has opened this partition's transactional id: the partition is, or was, somebody else's."""


class WriteImpossible(EngineError):
    """The broker refuses for good (not authorised, record too large, unknown topic): a person has to act."""


class RestoreFailed(EngineError):
    """The state topic could not be read to its end."""
