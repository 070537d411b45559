"""What a night tells people outside the home: its text, and how it is sent."""
