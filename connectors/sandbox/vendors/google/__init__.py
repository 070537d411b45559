"""What Google's APIs share: OAuth, error bodies, the classic envelope."""
