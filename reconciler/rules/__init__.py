"""Check the desired state against the rules of its file. Pure: values in, findings out.

Desired, Rule ──evaluate──▶ Finding ──config──▶ a problem at the line of the member that breaks the rule
"""
