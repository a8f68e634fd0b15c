"""Bound what one request, one connection and all together may cost: bytes, time, and what waits for Kafka."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold the bounds. They belong together: a report of librdkafka comes before the deadline, that before 10 s."""

    head_bytes: int = 16 * 1024
    """Of request line and headers. Prevents memory from growing with headers that never end."""
    body_bytes: int = 4 * 1024 * 1024
    """Of a body, as sent and inflated. Prevents records that Kafka (5 MiB) would refuse, and compression bombs."""
    requests: int = 4_000
    """Being answered at a time. Prevents a queue that no sender will wait for."""
    held_bytes: int = 64 * 1024 * 1024
    """Of bodies being read or waiting for Kafka, together. Prevents memory from growing in an outage or attack."""
    connections: int = 10_000
    """Open at a time; fewer where the system allows fewer files. Prevents running out of file descriptors."""
    head_s: float = 5.0
    """From the first byte of a request to the end of its head. Prevents senders that drip from holding connections."""
    deadline_s: float = 8.0
    """For a whole request. Prevents an answer after Adobe, which waits 10 s, has given the attempt up."""
    message_timeout_ms: int = 7_000
    """How long librdkafka tries to deliver a record. Prevents records that are stored long after their 503."""
    queue_records: int = 20_000
    """How many records may wait for Kafka; at least the largest batch. Prevents memory from growing in an outage."""
    queue_kbytes: int = 64 * 1024
    """How much may wait for Kafka. Prevents memory from growing in an outage."""
    keep_alive_s: float = 75.0
    """How long a connection may stay idle. Prevents connections that nobody closes."""
    linger_s: float = 0.3
    """How long a drain waits for requests on idle kept connections. Prevents requests that are cut unanswered."""
    refused_s: float = 2.0
    """How long the rest of a refused request is read away. Prevents a reset that hides the answer from its sender."""
    probe_s: float = 2.0
    """How long a readiness check waits for Kafka. Prevents a probe that hangs as Kafka does."""
