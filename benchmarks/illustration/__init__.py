"""What the page shows of single images: scores that a threshold can be moved over, and pictures of the misjudged."""
