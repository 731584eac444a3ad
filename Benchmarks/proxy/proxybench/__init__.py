"""The proxy benchmark's driver: makes certificates, starts the proxies, checks them, measures them, reports.

Read `run` first, then `check.py` for what must hold before anything is measured and `measure.py` for how it is measured.
Only the standard library is used.
"""
