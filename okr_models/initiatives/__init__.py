"""Whether an initiative worked: effect, placebo starts, verdict and its reason."""
