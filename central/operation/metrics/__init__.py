"""What Prometheus is told. A module a program, so that none shows figures that it does not measure.

They stand on prometheus-client's own registry, which also tells the memory, CPU and files of the process. No label
holds what a person could be known by: an endpoint, never a path. docs/admin/operation.md lists them all.
"""
