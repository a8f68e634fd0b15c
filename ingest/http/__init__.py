"""Speak HTTP/1.1 on the webhook port, with bounds on everything that a sender can make grow."""
