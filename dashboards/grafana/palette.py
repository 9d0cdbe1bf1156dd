"""Colours of states and limits: told apart by people who do not tell red from green, and seen on white and on Grafana's dark.

Bluish green and vermilion after Okabe and Ito (jfly.uni-koeln.de/color), their orange a little darker, and a grey: each has a
contrast of three to one at least against both backgrounds (WCAG 2.2, 1.4.11).
"""

from __future__ import annotations

GOOD = "#009E73"
BAD = "#D55E00"
WARN = "#B8790A"
NEUTRAL = "#7A8794"
LIGHT, DARK = "#FFFFFF", "#181B1F"  # Grafana's panel backgrounds
ALL = (GOOD, BAD, WARN, NEUTRAL)
