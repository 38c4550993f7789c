"""VL-JEPA: configuration, model, preprocessing and embedder."""
