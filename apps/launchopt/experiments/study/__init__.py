"""Studies of a person's own file with the suite's methods; they need no data of the shop."""
