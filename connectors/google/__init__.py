"""What Google's APIs share: service accounts and error bodies."""
