"""Maps of the rules as inline SVG: what holds back what, and which findings rules use. Rules with the same connections share a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mgcds.model.documentation import findings_of
from mgcds.model.pack import RulePack
from mgcds.review.charts import drawing, shape

_LINE, _PAD, _GAP, _BOX, _WIDTH = 16, 7, 13, 262, 780


@dataclass(frozen=True, slots=True)
class Box:
    """Names that belong together: each with its page, where it has one."""

    names: Sequence[tuple[str, str | None]]

    @property
    def height(self) -> float:
        return _LINE * len(self.names) + 2 * _PAD


Edge = tuple[int, int, bool]
"""left box, right box, and whether the line is broken"""


def holding_map(pack: RulePack) -> Markup:
    """Rules that hold back on the left, rules that are held back on the right; a broken line lets pass while it is unknown."""
    held: dict[str, set[tuple[str, bool]]] = {}
    for rule, holders in pack.holders.items():
        for holder in holders:
            held.setdefault(holder.by, set()).add((rule, holder.lets_pass))
    by: dict[str, set[tuple[str, bool]]] = {}
    for holder_id, rules in held.items():
        for rule, lets_pass in rules:
            by.setdefault(rule, set()).add((holder_id, lets_pass))
    left, right = (
        _alike({rule: held[rule] for rule in pack.rules if rule in held}),
        _alike({rule: by[rule] for rule in pack.rules if rule in by}),
    )
    edges = [
        (here, there, lets_pass)
        for here, (one, *_) in enumerate(left)
        for there, (other, *_) in enumerate(right)
        for rule, lets_pass in sorted(held[one])
        if rule == other
    ]
    said = f"{len(held)} rules hold back, {len(by)} can be held back. The table below says which and why."
    return _two_columns(
        "holding",
        "What holds back what",
        said,
        ("when met, holds back", "is held back"),
        _rules(left),
        _rules(right),
        edges,
    )


def using_map(pack: RulePack) -> Markup:
    """Findings on the left, the rules that rest on them on the right."""
    uses = {rule.id: {(finding.id, False) for finding in findings_of(rule, pack)} for rule in pack.rules.values()}
    right = _alike({rule: found for rule, found in uses.items() if found})
    findings = list(pack.findings)
    edges = [
        (findings.index(finding), there, broken)
        for there, (rule, *_) in enumerate(right)
        for finding, broken in sorted(uses[rule])
    ]
    said = f"{len(findings)} findings; {sum(map(len, right))} rules rest on one or several of them. The table below says which."
    left = [Box([(finding, None)]) for finding in findings]
    heads = ("finding", "used by")
    return _two_columns("using", "Findings and the rules that use them", said, heads, left, _rules(right), edges)


def _rules(groups: Sequence[Sequence[str]]) -> list[Box]:
    return [Box([(name, f"rules/{name}.html") for name in names]) for names in groups]


def _alike(connected: Mapping[str, set[tuple[str, bool]]]) -> list[list[str]]:
    """Names with the same connections together, in the order they come."""
    found: dict[frozenset[tuple[str, bool]], list[str]] = {}
    for name, to in connected.items():
        found.setdefault(frozenset(to), []).append(name)
    return list(found.values())


def _two_columns(
    key: str,
    title: str,
    said: str,
    heads: tuple[str, str],
    left: Sequence[Box],
    right: Sequence[Box],
    edges: Sequence[Edge],
) -> Markup:
    tall = max(_height(left), _height(right)) + 24
    left_tops, right_tops = _tops(left, tall), _tops(right, tall)
    parts = [
        shape("text", x=0, y=12, class_="soft", text=heads[0]),
        shape("text", x=_WIDTH - _BOX, y=12, class_="soft", text=heads[1]),
    ]
    for here, there, broken in edges:
        start, end = left_tops[here] + left[here].height / 2, right_tops[there] + right[there].height / 2
        path = f"M{_BOX} {start:.0f}C{_BOX + 110} {start:.0f} {_WIDTH - _BOX - 110} {end:.0f} {_WIDTH - _BOX} {end:.0f}"
        dashed = {"stroke_dasharray": "4 3"} if broken else {}
        parts.append(shape("path", d=path, class_="edge", **dashed))
    for x, boxes, tops in ((0, left, left_tops), (_WIDTH - _BOX, right, right_tops)):
        parts += [_drawn(box, x, top) for box, top in zip(boxes, tops, strict=True)]
    return drawing(key, _WIDTH, tall + 2, title, said, parts, "graphics-document")


def _height(boxes: Sequence[Box]) -> float:
    return sum(box.height + _GAP for box in boxes)


def _tops(boxes: Sequence[Box], tall: float) -> list[float]:
    """One below the other, spread over the whole height."""
    room = (tall - 24 - _height(boxes)) / max(len(boxes), 1)
    tops, at = [], 24.0
    for box in boxes:
        tops.append(at + room / 2)
        at += box.height + _GAP + room
    return tops


def _drawn(box: Box, x: float, top: float) -> Markup:
    parts = [shape("rect", x=x + 0.5, y=top, width=_BOX - 1, height=box.height, rx=3)]
    for row, (name, href) in enumerate(box.names):
        text = shape("text", x=x + 10, y=top + _PAD + _LINE * row + 12, text=name)
        parts.append(shape("a", href=href, text=text) if href else text)
    return Markup('<g class="node">') + Markup("").join(parts) + Markup("</g>")
