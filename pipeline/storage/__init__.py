"""Where files lie, local or remote: whole or not at all, and what is read back."""
