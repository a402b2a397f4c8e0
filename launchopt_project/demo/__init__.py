"""The demo shop of the reference host: simulated shoppers around a real LaunchOpt."""
