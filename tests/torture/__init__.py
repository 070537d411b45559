"""The program under torture: simulated years, faults of the disk, readers by the hundred thousand, false alarms."""
