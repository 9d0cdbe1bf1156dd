"""Drills that nobody wrote: composed from the catalogue by a seed, and made smaller until only what fails is left."""
