"""What people look at: made from stored evidence alone, never from a running system."""
