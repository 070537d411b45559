"""How a monthly series goes on: the model, the simple rule, their calibration and scores. Knows no key result."""
