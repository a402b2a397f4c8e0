"""LaunchOpt: a pluggable Django suite that runs and measures product launches."""
