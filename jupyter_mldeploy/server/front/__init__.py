"""The HTTP half: connections, routes, auth, limits, the workers' life, logs and control."""
