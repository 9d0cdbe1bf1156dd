"""The DNS entry of a target that is not the lab."""
