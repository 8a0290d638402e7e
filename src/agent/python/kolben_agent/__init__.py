"""The Python side of Kolben's agent: see README.md. Not for programs to import."""
