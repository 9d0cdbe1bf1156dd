"""Measures the harness itself, as ratios against named peers in the same run. Not part of the tests."""
