"""What a target on a container engine is made of: the engine, its images, its volumes, and the wishes of a service."""
