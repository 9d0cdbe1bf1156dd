"""Stand-ins for Sentry and Matomo: they take what the real ones take, answer what the real ones answer to the calls that are
used here, and say that they are stand-ins (header ``Stand-In``). Both store in the tools cluster's PostgreSQL."""
