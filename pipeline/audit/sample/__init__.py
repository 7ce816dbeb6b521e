"""Drawing a sample: a population, strata, chances, and planted errors."""
