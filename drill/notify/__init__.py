"""Tells people and programs what came of a drill, by webhook and by e-mail. Never changes what came of it."""
