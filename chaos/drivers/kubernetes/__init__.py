"""Two Kubernetes clusters as a target: what a drill does there, and what it has to be allowed to do."""
