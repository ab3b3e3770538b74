"""Networks whose distances mean something, for Radial: `radial.keras` and `radial.torch` have the layers, losses and exports."""

from .calibration import Calibration
from .outliers import outliers, with_outliers

__all__ = ["Calibration", "outliers", "with_outliers"]
