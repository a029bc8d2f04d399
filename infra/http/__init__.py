"""What both APIs, and the health pages of every process, share about HTTP: problems, limits, and the server itself."""
