"""Twin of `azureml.core.image`, the images of v1's first releases: here a bundle, kept under a name and a version."""

from .container import ContainerImage, ContainerImageConfig
from .image import Image, ImageConfig

__all__ = ["ContainerImage", "ContainerImageConfig", "Image", "ImageConfig"]
