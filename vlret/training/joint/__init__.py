"""Joint stages: predictor and Y-encoder learn together from pairs of clips and texts, in any number of processes."""
