"""Taking out of a dataset, its run and its audits what somebody asked to have taken out."""
