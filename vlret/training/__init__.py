"""Training of VL-JEPA models from recipes."""
