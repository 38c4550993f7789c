"""What computes the X-encoder and the predictor of a saved VL-JEPA: PyTorch, or OpenVINO and numpy."""
