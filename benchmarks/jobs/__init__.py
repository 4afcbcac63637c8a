"""Jobs, each a process of its own: planned, stored and run, here or on other machines."""
