"""Which images of a category show the same thing: small pictures of them in, pairs and verdicts out. No labels."""
