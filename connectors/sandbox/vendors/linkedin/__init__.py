"""LinkedIn's organization APIs."""
