"""The recipe: the YAML file that a user writes, read and checked."""
