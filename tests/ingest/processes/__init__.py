"""Test several processes that look like one."""
