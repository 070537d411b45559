"""Timings and replays that print figures for docs; run as modules, never imported by the program."""
