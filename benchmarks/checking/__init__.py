"""What is known of the data: before training (`check`), and beside the numbers of a result (its remarks)."""
