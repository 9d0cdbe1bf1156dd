"""The lab's servers, one file each: how it is configured, started, and asked."""
