"""Somebody else's host, to which the DNS entry may be misdirected: it takes every upload and thanks for it. Only its
certificate gives it away."""
