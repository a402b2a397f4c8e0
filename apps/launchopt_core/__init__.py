"""Pure rules and statistics of a launch: values in, values out; no Django, no clock, no I/O."""
