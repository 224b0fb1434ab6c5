"""The use cases and loops that make nodes, jobs and money meet."""
