"""What more patients need of the load generator and the checker: measured costs, a simulation, and the needs that follow."""
