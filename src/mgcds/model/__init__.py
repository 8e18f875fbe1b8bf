"""What things mean: records, quantities, criteria, rules, and how a rule is judged. No engine, no file, no clock."""
