"""Events told to other systems."""
