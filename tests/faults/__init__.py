"""Prove with real processes and a real broker that nothing acknowledged is lost and nothing is counted twice."""
