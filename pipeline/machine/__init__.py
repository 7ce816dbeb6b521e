"""This process on this machine: its threads, its CPU time, its copy of the package."""
