"""What carries a step out: one file per engine."""
