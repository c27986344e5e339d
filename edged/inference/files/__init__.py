"""A model's files: what a card says, what a file holds, and whether either is to be believed."""
