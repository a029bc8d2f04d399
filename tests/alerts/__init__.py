"""The alert rules, held in three ways.

What it does
    `rules.yml` are promtool's unit tests: each alert by series. `test_rules` runs them, and holds names, labels, limits
    and documentation against what the processes really show. `python -m tests.alerts` breaks a running system, lets a
    real Prometheus read it, and waits for each alert to fire by its cause.

May import
    tests.faults, tests.support, infra.
"""
