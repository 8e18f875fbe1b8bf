"""Channel 1: criteria, findings, rules and precedence by forward chaining in durable-rules."""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from mgcds.engines.columns import Columns, groups, network_layers
from mgcds.engines.durable import Network
from mgcds.model.condition import Truth
from mgcds.model.evaluation import Status, Verdicts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack


class Chaining:
    """A pack compiled for durable-rules. It judges criteria inside the findings and rules that use them."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._columns = Columns(pack)
        self._network = Network(network_layers(pack, self._columns))
        numbers = {holders: number for number, holders in enumerate(groups(pack))}
        self._holders = {rule: f"holders {numbers[held]}" for rule, held in pack.holders.items() if held}

    def evaluate(self, facts: Facts) -> Verdicts:
        """Verdicts of findings and rules, and the status of each rule's suggestion. EngineFault where the engine fails."""
        found = self._network.run(self._columns.fill(facts))
        rules = {rule: found.get(rule) for rule in self._pack.rules}
        statuses: dict[str, Status] = {
            rule: "not indicated" if truth is False else self._status(truth, self._holders.get(rule), found)
            for rule, truth in rules.items()
        }
        return Verdicts({}, {finding: found.get(finding) for finding in self._pack.findings}, rules, statuses)

    @staticmethod
    def _status(truth: Truth, holders: str | None, found: Mapping[str, bool]) -> Status:
        is_held = found.get(holders) if holders else False
        if is_held:
            return "suppressed"
        return "offered" if truth and is_held is False else "withheld"


_COMPILED: WeakKeyDictionary[RulePack, Chaining] = WeakKeyDictionary()


def evaluate_chained(pack: RulePack, facts: Facts) -> Verdicts:
    """Evaluate with the pack's network, compiled on first use."""
    compiled = _COMPILED.get(pack)
    if compiled is None:
        compiled = _COMPILED.setdefault(pack, Chaining(pack))
    return compiled.evaluate(facts)
