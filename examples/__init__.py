"""Narrated how-to videos made for this project, their truth, their maker and their scorer."""
