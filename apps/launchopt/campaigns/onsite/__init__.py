"""A page of the shop shows what was decided, and tells what came of it, without any secret key."""
