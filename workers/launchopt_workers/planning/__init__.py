"""Plan a launch: who, when, at what cost, with which words."""
