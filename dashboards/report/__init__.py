"""The report of a run: one data object (`report.json`), made from stored evidence alone, and pages drawn of nothing but it."""
