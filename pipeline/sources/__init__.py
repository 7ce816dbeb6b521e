"""What is to be fetched: manifests, folders, files and URLs."""
