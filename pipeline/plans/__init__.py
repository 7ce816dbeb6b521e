"""What the plans of a run have come to, read from their files."""
