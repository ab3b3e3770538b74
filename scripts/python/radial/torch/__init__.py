"""For PyTorch."""

from .export import export
from .head import distance_head
from .layer import RBFLayer
from .loss import rbf_loss

__all__ = ["RBFLayer", "distance_head", "export", "rbf_loss"]
