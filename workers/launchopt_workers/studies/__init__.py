"""Studies of a person's own file that need the models of the workers."""
