"""Ratings: how they are read from files, checked, and kept."""
