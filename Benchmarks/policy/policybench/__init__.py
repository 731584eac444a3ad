"""Lapwing's policy decisions beside Envoy's RBAC, Cedar, Casbin and Rego: the same cases in one run."""
