"""Files → RulePack. All problems of a pack are found in one run; a pack with a problem does not load at all."""

from mgcds.loading.packs import check_pack, load_pack, rules_root

__all__ = ["check_pack", "load_pack", "rules_root"]
