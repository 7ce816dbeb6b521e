"""The parts of a plan, and the life of one of them in one step, from attempt to commit."""
