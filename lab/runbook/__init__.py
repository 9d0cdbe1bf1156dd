"""The takeover, as part of the system under drill: detect, fence, promote, switch DNS, declare.

One runbook service runs at each site. It acts only while its own database is a mirror, and only when the other site is seen
dead on both ways, private and public, several times in a row: a cut private link alone must not make two primaries.
"""
