"""Trains, exports and checks the models that Radial ships. Run through `scripts/train.sh`."""
