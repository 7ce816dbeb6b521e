"""Two audits, or two captions, on the same clips."""
