"""From finished work to the dataset: a plan's documents or an audit's results, and the card."""
