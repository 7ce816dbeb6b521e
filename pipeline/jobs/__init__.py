"""The process that carries a run out, who keeps it alive, and what it tells."""
