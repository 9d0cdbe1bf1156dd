"""Objectives as code: OpenSLO in, Prometheus rules out."""
