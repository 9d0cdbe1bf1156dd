"""The pictures of a report: one file each, with `draw` (part of the data, language -> SVG) and `describe` (the same in words)."""
