"""What a run's files tell whoever asks: how far it is, what failed, what to do."""
