"""The edge: engines, storage, recipes and commands."""
