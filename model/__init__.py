"""COSMO: the model, its data, its training. Needs torch; imported only by those who train."""
