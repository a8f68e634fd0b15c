"""Name what can go wrong between us and Kafka, in words for the person who can mend it."""

from collections import defaultdict
from collections.abc import Sequence


class BrokerError(Exception):
    """Kafka could not do what was asked. The message says what and what to do, in one line."""


class BrokerUnreachable(BrokerError):
    """No broker answered in time."""

    def __init__(self, bootstrap_servers: str, cause: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.cause = cause
        super().__init__(
            f"no Kafka broker answers at {bootstrap_servers} ({cause}): start one, or set FLOWRUN_BOOTSTRAP_SERVERS"
        )


class LoginRefused(BrokerError):
    """A broker answered and did not let us in."""

    def __init__(self, bootstrap_servers: str, cause: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.cause = cause
        super().__init__(
            f"Kafka at {bootstrap_servers} refuses the login ({cause}): check FLOWRUN_SECURITY_PROTOCOL, "
            "FLOWRUN_SASL_* and FLOWRUN_SSL_*"
        )


class TopicsMissing(BrokerError):
    """Topics that must exist do not."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"topics are missing: {', '.join(names)}; create them with: flowrun topics create")


class TopicsNotCreated(BrokerError):
    """Kafka refused to create topics. ``reasons`` has its words for each."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        together: dict[str, list[str]] = defaultdict(list)
        for name, reason in reasons.items():
            together[reason].append(name)
        listed = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in together.items())
        super().__init__(f"topics could not be created: {listed}")


class PartitionsWrong(BrokerError):
    """A topic has another number of partitions than the settings say."""

    def __init__(self, topic: str, expected: int, actual: int) -> None:
        self.topic = topic
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"topic {topic} has {actual} partitions, not {expected}: set FLOWRUN_PARTITIONS={actual}, "
            "or use new topics with another FLOWRUN_TOPIC_PREFIX"
        )
