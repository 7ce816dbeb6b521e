"""The only code that touches codecs."""
