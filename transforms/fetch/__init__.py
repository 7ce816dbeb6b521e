"""Fetching sources: one file per kind of source."""
