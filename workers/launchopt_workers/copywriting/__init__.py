"""Words for each audience of a launch."""
