"""Speech recognition: the recogniser protocol and one file per backend."""
