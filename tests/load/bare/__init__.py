"""What the bare libraries do with the same work, each in a process of its own: the limits that we measure against."""
