"""Is Zweitherz itself to be believed? Known-bad systems must turn their checks red, healthy ones must stay green."""
