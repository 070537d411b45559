"""Questions to the published figures: by SQL, and by a program that speaks the Model Context Protocol."""
