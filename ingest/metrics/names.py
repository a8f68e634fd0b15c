"""Name the Prometheus metrics of ingest and their labels, each with its meaning and what to do about it."""

from typing import Final, Literal, get_args

MetricName = Literal[
    # Requests of the webhook's port by how they ended (see Outcome). kafka-unavailable, deadline-passed, queue-full,
    # overloaded: look at Kafka. not-authenticated, signature-invalid, recipient-unknown, body-*, coding-unknown: the
    # sender drops these for ever, look at who sends. key-unavailable: look at the way to FLOWRUN_ADOBE_KEYS_URL.
    "flowrun_ingest_requests_total",
    # Requests being handled now. As high as the number of connections for long: Kafka acknowledges slowly.
    "flowrun_ingest_in_flight_requests",
    # Bytes of bodies held in memory now, being read or waiting for Kafka. Near 64 MiB: senders are about to get 503.
    "flowrun_ingest_in_flight_bytes",
    # Open connections. Near the limit: idle ones are closed to let others in.
    "flowrun_ingest_connections",
    # Connections that we ended, by why (see Closed). Many: senders are slow, or somebody plays with us.
    "flowrun_ingest_connections_closed_total",
    # Records that Kafka has acknowledged, all of a request's before its 202.
    "flowrun_ingest_records_total",
    # Bytes of bodies as received, before inflation.
    "flowrun_ingest_received_bytes_total",
    # Records that Kafka stored although their request got no 202: the sender will send them again, and normalize will
    # know them again. Many: Kafka acknowledges later than the deadline.
    "flowrun_ingest_possible_duplicates_total",
    # Records that Kafka did not take, by librdkafka's name of the error.
    "flowrun_ingest_delivery_errors_total",
    # What librdkafka reports of brokers, by its name of the error. Growing: look at brokers, network and login.
    "flowrun_ingest_broker_errors_total",
    # Seconds from a request to the acknowledgement of its last record. Near 8: senders are about to get 503.
    "flowrun_ingest_ack_seconds",
    # Records of one accepted request.
    "flowrun_ingest_batch_records",
    # Records that wait for Kafka in this process. Growing: Kafka is slow or down; at its limit requests get 503.
    "flowrun_ingest_producer_queue_records",
    # Adobe's signatures by what came of them (see SignatureResult), one of each POST.
    "flowrun_ingest_signatures_total",
    # Fetches of Adobe's public keys by what came of them (see KeyFetch). A few a day are right.
    "flowrun_ingest_key_fetches_total",
    # Adobe's asynchronous validations by what was done (see Validation).
    "flowrun_ingest_validations_total",
    # Processes that serve. Below --processes: look for why they end in the log.
    "flowrun_ingest_processes",
]
(
    REQUESTS,
    IN_FLIGHT,
    IN_FLIGHT_BYTES,
    CONNECTIONS,
    CONNECTIONS_CLOSED,
    RECORDS,
    RECEIVED_BYTES,
    POSSIBLE_DUPLICATES,
    DELIVERY_ERRORS,
    BROKER_ERRORS,
    ACK_SECONDS,
    BATCH_RECORDS,
    QUEUE_RECORDS,
    SIGNATURES,
    KEY_FETCHES,
    VALIDATIONS,
    PROCESSES,
) = get_args(MetricName)

Outcome = Literal[
    "accepted",
    "challenge",
    "validation",
    "not-found",
    "method-not-allowed",
    "challenge-missing",
    "body-broken",
    "request-malformed",
    "head-too-large",
    "body-too-large",
    "coding-unknown",
    "not-authenticated",
    "signature-invalid",
    "recipient-unknown",
    "key-unavailable",
    "kafka-unavailable",
    "queue-full",
    "overloaded",
    "deadline-passed",
    "shutting-down",
    "broken",
    "sender-left",
]
"""How a request ended. All but the first three and the last are also the names of problem types."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

SignatureResult = Literal[
    "first",  # the first signature is right
    "second",  # the second is, the first is not or could not be checked
    "malformed",  # neither pair of headers is of the form that could be right
    "invalid",  # neither signature is right
    "key-unavailable",  # neither is right, and a key could not be had
    "foreign",  # right, and meant for another client id
]

KeyFetch = Literal[
    "fetched",
    "refused",  # answered with another status than 200
    "no-key",  # answered with 200 and no RSA key in PEM
    "unreachable",  # not answered, or not in time
    "too-many",  # not tried, as many others were under way
]

Closed = Literal[
    "idle",  # nothing came for long
    "slow-head",  # a request's head did not come to its end in time
    "slow-body",  # nor its body
    "slow-reader",  # the answers were not read
    "crowded-out",  # closed while idle, to let another in
    "too-many",  # not let in: all others were busy
]

Validation = Literal[
    "logged",
    "confirmed",
    "not-confirmed",  # tried in vain
    "not-trusted",  # the URL is not Adobe's: not tried
]

KafkaError = Literal[
    "_MSG_TIMED_OUT",
    "_TIMED_OUT",
    "_TIMED_OUT_QUEUE",
    "_TRANSPORT",
    "_ALL_BROKERS_DOWN",
    "_RESOLVE",
    "_AUTHENTICATION",
    "_SSL",
    "_FATAL",
    "_PURGE_QUEUE",
    "_PURGE_INFLIGHT",
    "_UNKNOWN_TOPIC",
    "_UNKNOWN_PARTITION",
    "UNKNOWN_TOPIC_OR_PART",
    "TOPIC_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "SASL_AUTHENTICATION_FAILED",
    "MSG_SIZE_TOO_LARGE",
    "NOT_ENOUGH_REPLICAS",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "NOT_LEADER_FOR_PARTITION",
    "REQUEST_TIMED_OUT",
    "other",
]
"""librdkafka's names of the errors that are likely, and one word for all others: the label set is closed."""

ACK_BOUNDS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 8.0)
BATCH_BOUNDS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
