"""Taking out of an audit's folder what was taken down, whatever was made of it there."""
