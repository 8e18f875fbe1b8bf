"""Alert burden as a page: self-contained, with drawings as inline SVG and a table beside each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from mgcds.model.evaluation import Status
from mgcds.populations.against import TURNS, Changes
from mgcds.populations.burden import ORDER, Burden, Pair, Rate
from mgcds.review.charts import Scale, drawing, plain_number, shape
from mgcds.review.patient_page import harmless
from mgcds.review.rendering import environment, style

PANELS: tuple[Status, ...] = ("offered", "suppressed", "withheld")
MOST_PAIRS, MOST_IN_GRID = 40, 14
_WIDTH, _LABELS, _ROW, _TOP, _GAP, _NUMBER = 900.0, 232.0, 18.0, 40.0, 14.0, 32.0


def burden_html(found: Burden) -> str:
    """The page. It holds no script and asks nothing of the network."""
    kinds = [
        (kind, [rule for rule in found.pack.rules.values() if rule.suggest.kind == kind]) for kind in found.pack.kinds
    ]
    kinds = [
        (kind, sorted(rules, key=lambda rule: -found.number(rule.id, "offered"))) for kind, rules in kinds if rules
    ]
    text = (
        environment()
        .get_template("burden.html")
        .render(
            title="Alert burden", root="", here="", navigation=(), style=Markup(style()), found=found, kinds=kinds, order=ORDER,
            rules=rules_chart(found, [(kind, [rule.id for rule in rules]) for kind, rules in kinds]),
            at_once=at_once_chart(found.at_once), pairs=found.pairs[:MOST_PAIRS], grid=pairs_chart(found), turns=TURNS,
            changes=changes_chart(found.against) if found.against is not None else None,
        )
    )  # fmt: skip
    return harmless(text)


# --- how often each ---------------------------------------------------------------------------------------------------------------


def rules_chart(found: Burden, kinds: Sequence[tuple[str, Sequence[str]]]) -> Markup:
    """A row a rule, in a panel each: offered, suppressed, withheld. Panels have scales of their own."""
    width = (_WIDTH - _LABELS - _GAP * len(PANELS)) / len(PANELS)
    rows = [row for kind, rules in kinds for row in (kind, *rules)]
    bottom = _TOP + _ROW * len(rows)
    parts = list(_row_names(rows, {kind for kind, _ in kinds}))
    for place, status in enumerate(PANELS):
        left = _LABELS + _GAP + place * (width + _GAP)
        rates = {rule: found.rate(rule, status) for _, rules in kinds for rule in rules}
        most = max((each.high for each in rates.values() if each.count), default=1.0)
        parts += _panel(status, Scale(0.0, max(most, 0.01), left, left + width - _NUMBER), rows, rates, bottom)
    description = (
        f"For each of {len(found.pack.rules)} rules, of how many of 100 patients its suggestion is offered, suppressed and withheld, "
        "with 95 % intervals. The table below holds every value."
    )
    return drawing("rules", _WIDTH, bottom + 26, "Suggestions per 100 patients, by rule", description, parts)


def _row_names(rows: Sequence[str], headings: set[str]) -> Iterable[Markup]:
    for place, row in enumerate(rows):
        y = _TOP + _ROW * place + 13
        if row in headings:
            yield shape("text", x=0, y=y, font_weight=600, text=row)
        else:
            yield shape("text", x=_LABELS, y=y, text_anchor="end", font_size=11, text=row)


def _panel(
    status: Status, scale: Scale, rows: Sequence[str], rates: dict[str, Rate], bottom: float
) -> Iterable[Markup]:
    yield shape("text", x=scale.start, y=16, font_weight=600, text=status)
    for tick in _ticks(scale):
        yield shape("line", x1=scale(tick), x2=scale(tick), y1=_TOP - 6, y2=bottom, class_="grid")
        yield shape(
            "text",
            x=scale(tick),
            y=bottom + 14,
            text_anchor="middle",
            class_="soft",
            font_size=11,
            text=plain_number(tick),
        )
        yield shape(
            "text",
            x=scale(tick),
            y=_TOP - 10,
            text_anchor="middle",
            class_="soft",
            font_size=11,
            text=plain_number(tick),
        )
    for place, row in enumerate(rows):
        if row in rates:
            yield from _bar(rates[row], scale, _TOP + _ROW * place + 3, status)


def _ticks(scale: Scale) -> Sequence[float]:
    ticks = scale.ticks
    return ticks if len(ticks) <= 4 else ticks[:: -(-len(ticks) // 4)]


def _bar(found: Rate, scale: Scale, top: float, status: str) -> Iterable[Markup]:
    """From 0 to the rate, with its interval and its number; nothing where there is nobody."""
    if not found.count:
        return
    height = _ROW - 6
    bar = shape("rect", x=scale.start, y=top, width=scale(found.per_100) - scale.start, height=height, class_="bar")
    y = top + height / 2
    whisker = shape("line", x1=scale(found.low), x2=scale(found.high), y1=y, y2=y, class_="whisker")
    title = shape("title", text=f"{found.count:,}: {words(found)}")
    yield Markup('<g class="{}">{}{}{}</g>').format(status.replace(" ", "-"), title, bar, whisker)
    number = (
        "<0.01"
        if found.per_100 < 0.005
        else f"{found.per_100:.2f}"
        if found.per_100 < 9.995
        else f"{found.per_100:.0f}"
    )
    yield shape("text", x=scale(found.high) + 5, y=y + 4, class_="soft", font_size=10, text=number)


def words(found: Rate) -> str:
    """`2.86 per 100 (95 % interval 2.76 to 2.97)`"""
    return f"{found.per_100:.2f} per 100 (95 % interval {found.low:.2f} to {found.high:.2f})"


# --- how many at once -------------------------------------------------------------------------------------------------------------


def at_once_chart(rates: Sequence[Rate]) -> Markup:
    """A bar for each number of suggestions that anyone is offered at once."""
    scale = Scale(0.0, max((each.high for each in rates), default=1.0) or 1.0, 110.0, 520.0)
    parts = []
    for number, each in enumerate(rates):
        top = 8 + 24.0 * number
        parts.append(shape("text", x=100, y=top + 12, text_anchor="end", text="none" if not number else str(number)))
        parts += _bar(each, scale, top + 2, "offered")
    said = "; ".join(f"{number or 'none'}: {each.per_100:.2f} per 100" for number, each in enumerate(rates))
    return drawing("at-once", 580, 14 + 24.0 * len(rates), "Suggestions offered at once", f"{said}.", parts)


# --- which together ---------------------------------------------------------------------------------------------------------------


def pairs_chart(found: Burden) -> Markup | None:
    """A grid of the rules that are most often offered together: how many of those offered the one (row) are offered the other (column).
    None where nobody is offered two.
    """
    both = {(pair.one, pair.other): pair for pair in found.pairs}
    weight = {
        rule: sum(pair.both.count for pair in both.values() if rule in (pair.one, pair.other))
        for rule in found.pack.rules
    }
    chosen = sorted((rule for rule in weight if weight[rule]), key=lambda rule: (-weight[rule], rule))[:MOST_IN_GRID]
    if not chosen:
        return None
    cell, left, top = 34.0, 250.0, 28.0
    parts = []
    for row, one in enumerate(chosen):
        y = top + cell * row
        parts.append(shape("text", x=left - 10, y=y + 21, text_anchor="end", font_size=11, text=f"{one} {row + 1}"))
        parts.append(
            shape("text", x=left + cell * (row + 0.5), y=top - 8, text_anchor="middle", font_size=11, text=str(row + 1))
        )
        parts += [
            part
            for column, other in enumerate(chosen)
            for part in _cell(one, other, both, left + cell * column, y, cell)
        ]
    size = cell * len(chosen)
    description = (
        f"The {len(chosen)} rules most often offered with others. A cell says how many of 100 who are offered the rule of the row "
        "are offered that of the column. The table below holds the counts."
    )
    return drawing("pairs", left + size + 4, top + size + 4, "Suggestions offered together", description, parts)


def _cell(one: str, other: str, both: dict[tuple[str, str], Pair], x: float, y: float, size: float) -> Iterable[Markup]:
    frame = {"x": x, "y": y, "width": size, "height": size}
    yield shape("rect", **frame, class_="cell")
    if one == other:
        yield shape("line", x1=x, x2=x + size, y1=y, y2=y + size, class_="grid")
        return
    pair, reverse = both.get((one, other)), both.get((other, one))
    found = pair.of_one if pair is not None else reverse.of_other if reverse is not None else None
    if found is not None:
        says = f"{found.count:,} of {found.of:,} who are offered {one} are offered {other} too"
        shade = f"severity s{min(int(found.per_100 // 20), 4)}"
        yield Markup("<g>{}{}</g>").format(shape("title", text=says), shape("rect", **frame, class_=shade))
        number = f"{found.per_100:.0f}" if found.per_100 >= 0.5 else "<1"
        yield shape("text", x=x + size / 2, y=y + size / 2 + 4, text_anchor="middle", font_size=11, text=number)


# --- what another pack changes ----------------------------------------------------------------------------------------------------


def changes_chart(found: Changes) -> Markup | None:
    """For each rule: how many patients no longer get it to the left, how many newly do to the right. None where that is nobody."""
    rules = {rule: changed for rule, changed in found.rules.items() if any(changed.number(turn) for turn in TURNS)}
    if not rules:
        return None
    most = max(changed.number(turn) for changed in rules.values() for turn in TURNS)
    middle, reach = 560.0, 230.0
    right, left = Scale(0.0, most, middle, middle + reach), Scale(0.0, most, middle, middle - reach)
    bottom = _TOP + 22.0 * len(rules)
    parts = [
        shape("text", x=middle - 8, y=16, text_anchor="end", font_weight=600, text="no longer offered"),
        shape("text", x=middle + 8, y=16, font_weight=600, text="newly offered"),
        shape("line", x1=middle, x2=middle, y1=_TOP - 14, y2=bottom, class_="axis"),
    ]
    for place, (rule, changed) in enumerate(rules.items()):
        top = _TOP + 22.0 * place
        gone, come = changed.number("no longer offered"), changed.number("newly offered")
        parts += [
            shape("text", x=250, y=top + 13, text_anchor="end", font_size=11, text=rule),
            Markup('<g class="suppressed">{}</g>').format(
                shape("rect", x=left(gone), y=top + 2, width=middle - left(gone), height=14, class_="bar")
            ),
            Markup('<g class="offered">{}</g>').format(
                shape("rect", x=middle, y=top + 2, width=right(come) - middle, height=14, class_="bar")
            ),
            shape(
                "text", x=left(gone) - 5, y=top + 13, text_anchor="end", class_="soft", font_size=11, text=f"{gone:,}"
            ),
            shape("text", x=right(come) + 5, y=top + 13, class_="soft", font_size=11, text=f"{come:,}"),
        ]
    said = "; ".join(
        f"{rule}: {changed.number('newly offered'):,} newly, {changed.number('no longer offered'):,} no longer"
        for rule, changed in rules.items()
    )
    return drawing("changes", _WIDTH, bottom + 6, "Patients who newly or no longer get a suggestion", f"{said}.", parts)
