"""How well a search knows that an index holds no answer, and the fit of the shipped calibration."""
