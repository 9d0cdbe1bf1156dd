"""What the API server shows, made from what is wanted and what is seen: pure functions, one file per kind of object."""
