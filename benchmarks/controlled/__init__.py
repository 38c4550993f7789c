"""The paper's controlled comparison in small: predicting an embedding against predicting tokens."""
