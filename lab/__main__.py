"""``python -m lab up | status | kill SITE | heal SITE | link STATE | down``."""

from lab.commands import app

app(prog_name="lab")
