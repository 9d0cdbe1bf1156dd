"""Chaos Toolkit: drills as experiments, faults, receipts, guards, drivers per kind of target."""
