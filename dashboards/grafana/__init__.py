"""Grafana dashboards as code: plain data (`model`) in one file per dashboard, drawn by `draw`; the JSON files lie beside them.

``python -m dashboards.grafana`` writes them again, byte for byte the same.
"""
