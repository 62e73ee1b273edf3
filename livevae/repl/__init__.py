"""The prompt: a thin skin over a performance."""
