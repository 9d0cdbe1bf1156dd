"""The embedded system under drill: two sites of real servers on one Linux machine."""
