"""Numbers measured on clips: one file per scorer."""
