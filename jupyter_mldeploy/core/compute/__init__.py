"""Compute targets; twin of `azureml.core.compute`, as far as deployment needs it."""

from .aks import AksCompute
from .amlcompute import AmlCompute
from .compute import ComputeTarget
from .kubernetescompute import KubernetesCompute

__all__ = ["AksCompute", "AmlCompute", "ComputeTarget", "KubernetesCompute"]
