"""What watches the services from the second cluster."""
