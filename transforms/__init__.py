"""What happens to records. Transforms know no engine and no run."""
