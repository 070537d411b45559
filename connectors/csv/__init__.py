"""CSV files of the home folder: a client's own figures, and history."""
