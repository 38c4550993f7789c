"""Long videos with known events, assembled from captioned clips, for `vlret bench selective`."""
