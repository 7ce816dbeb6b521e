"""The dataset on disk: shards, manifests, the funnel and the card."""
