"""One file per fault: how it is injected, what proves that it took effect, how it is undone."""
