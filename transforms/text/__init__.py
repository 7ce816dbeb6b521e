"""From captions and speech to documents."""
