"""The demo shop of the reference host: simulated shoppers; not in the wheel."""
