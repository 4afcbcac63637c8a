"""Plan, run and store jobs. Each job is a process of its own, on this machine or on another."""
