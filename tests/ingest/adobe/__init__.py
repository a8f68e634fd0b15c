"""Test what proves that a delivery is Adobe's and ours."""
