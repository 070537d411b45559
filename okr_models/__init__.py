"""The domain: client files, periods, measures, progress, forecasts, roll-up and initiatives.

Pure functions and frozen values. Nothing here does I/O, and nothing here imports connectors, pipelines or dagster.
"""
