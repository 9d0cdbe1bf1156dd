"""The words of the reports: one table a language, the same keys and places for values in each."""
