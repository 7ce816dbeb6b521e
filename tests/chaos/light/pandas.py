"""Hides pandas from runs under chaos: where it is, pyarrow imports it for half a second."""

raise ImportError("hidden from runs under chaos")
