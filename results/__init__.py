"""Evidence of a drill and what it proves: schemas, writers, readers, checks, verdicts.

Ground floor: imports nothing else of ours. `results/runs/<run>/` holds the evidence of each run.
"""
