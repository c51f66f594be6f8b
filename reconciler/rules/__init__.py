"""Check the desired state against the rules of its file. Pure: values in, findings out.

    Desired, day ──evaluate──▶ Finding ──config──▶ the same, at the line of the member that breaks the rule

`evaluate` knows severities and exemptions, `conditions` what breaks each kind of rule.
"""

from __future__ import annotations

from reconciler.rules.evaluate import evaluate, evaluate_changes
from reconciler.rules.values import CountryOf, PlannedChange

__all__ = ["CountryOf", "PlannedChange", "evaluate", "evaluate_changes"]
