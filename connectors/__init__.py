"""One module a source behind one protocol, over one small HTTP core; ``sandbox/`` speaks the same APIs.

Nothing here imports dagster or pipelines. Values of the domain (windows, source settings) come from ``okr_models``.
"""
