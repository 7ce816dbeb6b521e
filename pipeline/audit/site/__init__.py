"""The review page: what it shows of an item, its media, its folder."""
