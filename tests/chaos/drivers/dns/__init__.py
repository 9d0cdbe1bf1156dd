"""Twins of chaos/drivers/dns."""
