"""The code location that ``workspace.yaml`` loads."""

from pipelines.build import build_defs

defs = build_defs()
