"""Test that only what is meant for us passes."""

import pytest

from ingest.adobe.recipient import expect
from ingest.errors import RecipientUnknown

OURS = ("mine", "mine-too")


@pytest.mark.parametrize(
    "notifications",
    [
        [],
        [b'{"recipient_client_id":"mine"}'],
        [b'{"recipientclientid":"mine"}'],
        [b'{"recipientclientid":"mine","recipient_client_id":"mine"}'],
        [b'{"recipientclientid":"mine","recipient_client_id":null}'],
        [b'{"recipientclientid":"mine","note":"\\ud800"}'],
        [b'{"recipient_client_id":"mine"}', b'{"recipientclientid":"mine-too"}'],
        [b"not json"],
        [b""],
        [b"\xff"],
    ],
)
def test_ours_and_what_names_nobody_because_it_is_no_json(notifications: list[bytes]) -> None:
    """Either name will do, and both if they agree; normalize sets aside what is no JSON."""
    assert expect(notifications, OURS) is None  # type: ignore[func-returns-value]  # it would raise


@pytest.mark.parametrize(
    "notifications",
    [
        [b"{}"],
        [b"17"],
        [b"null"],
        [b'"mine"'],
        [b'[{"recipientclientid":"mine"}]'],
        [b'{"recipient_client_id":"other"}'],
        [b'{"recipient_client_id":""}'],
        [b'{"recipient_client_id":["mine"]}'],
        [b'{"recipientclientid":17}'],
        [b'{"event":{"recipient_client_id":"mine"}}'],
        [b'{"recipientclientid":"mine","recipient_client_id":"other"}'],
        [b'{"recipientclientid":"mine","recipient_client_id":"mine-too"}'],
        [b'{"recipientclientid":"other","note":"\\ud800"}'],
        [b'{"recipientclientid":"other","note":"\xff"}'],
        [b'{"recipientclientid":"other","note":NaN}'],
        [b'{"recipientclientid":"mine"}', b'{"recipientclientid":"other"}'],
        [b'{"recipientclientid":"mine"}', b"{}"],
    ],
)
def test_others_and_nobody_s(notifications: list[bytes]) -> None:
    """Another's, nobody's, two that differ, and one such element of a batch, odd characters or not."""
    with pytest.raises(RecipientUnknown):
        expect(notifications, OURS)
