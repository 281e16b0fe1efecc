"""The standard reports, one a file: `REPORT` describes it, `central.reports.catalogue` finds it."""
