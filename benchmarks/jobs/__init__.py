"""A job as a process of its own: what it does, who starts it and tells of it, here or on other machines."""
