"""How wrong, and how sure: intervals, weighted and clustered estimates, agreement, gates.

Everything here takes plain numpy arrays and returns small records; nothing knows of files. SciPy,
statsmodels and krippendorff are imported where they are used.
"""
