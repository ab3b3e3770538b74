"""For Keras 3, with any of its backends."""

from .batches import OutlierBatches
from .export import export
from .head import distance_head
from .layer import RBFLayer
from .loss import KnownAccuracy, RBFLoss

__all__ = ["KnownAccuracy", "OutlierBatches", "RBFLayer", "RBFLoss", "distance_head", "export"]
