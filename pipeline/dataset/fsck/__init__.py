"""Whether files of a dataset or a run are those that were committed; mending what can be."""
