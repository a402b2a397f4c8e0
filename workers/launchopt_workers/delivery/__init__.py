"""Running launches: money let out, ends kept, weights learned."""
