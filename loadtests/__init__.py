"""Locust: who uploads what, when, and over which network behaviour."""
