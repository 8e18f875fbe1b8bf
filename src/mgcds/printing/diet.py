"""A food screen as text, and its empty form (`mgcds diet`)."""

from __future__ import annotations

from decimal import Decimal

from mgcds.model.diet import CAN_SHOW, FoodScreen, Needed, Share, rounded_down, rounded_up
from mgcds.model.pack import RulePack
from mgcds.printing.console import Printer


def print_screen(printer: Printer, screen: FoodScreen, pack: RulePack) -> None:
    """What the foods asked about add up to, food by food, beside what such a person is said to need."""
    printer.line("Magnesium from the foods asked about: an UNVALIDATED screen", style="bold")
    high = rounded_up(screen.high)
    between = f"at least {rounded_down(screen.low):g} mg a day" + (f", at most {high:g}" if high is not None else "")
    printer.line(f"From the foods asked about only: {between}.")
    printer.line(f"The whole diet: at least {rounded_down(screen.low):g} mg a day, no upper end known.")
    if screen.unanswered:
        printer.line(f"Not answered, and not counted as none: {', '.join(food.id for food in screen.unanswered)}.")
    printer.heading("Foods")
    for share in screen.shares:
        _print_share(printer, share)
    printer.heading("Reference intakes (mg of magnesium a day)")
    if not screen.needed:
        printer.line("None: they depend on the age, which was not given.", 2)
    for needed in screen.needed:
        _print_needed(printer, needed, screen)
    if any(needed.level.group == "female" for needed in screen.needed):
        printer.line("In pregnancy and lactation others hold: say so in the form.", 2)
    printer.heading("What this screen can and cannot show")
    printer.line(CAN_SHOW, 2)
    value = screen.as_measurement
    printer.line(f'In a record: dietary_magnesium: {{value: "{value["value"]}", method: {value["method"]}}}', 2)
    named = {share.food.evidence for share in screen.shares} | {needed.table.evidence for needed in screen.needed}
    printer.heading("Sources")
    for entry in sorted(named):
        printer.line(f"{entry}: {pack.evidence[entry].citation}", 2, "dim")
    printer.line()
    printer.line("For health professionals. Options, not orders.", style="dim")


def _print_share(printer: Printer, share: Share) -> None:
    food = share.food
    source = f"[{food.evidence}, {food.verified}{f', FDC {food.fdc}' if food.fdc else ''}]"
    serving = f"{food.title}, {food.serving}: {_from_to(food.low, food.high)} mg a serving"
    if share.high is None:
        printer.line(f"{serving}; not answered {source}", 2)
    else:
        printer.line(f"{serving}, {_from_to(float(share.low), float(share.high))} mg a day {source}", 2)


def _print_needed(printer: Printer, needed: Needed, screen: FoodScreen) -> None:
    table, level = needed.table, needed.level
    said = f"{table.title}: {level.mg} for {level.group}, {level.ages}"
    if table.counts != "all sources":
        how = "of supplements and medicines only: food does not count"
    elif screen.reaches(needed):
        how = "reached by the foods asked about alone, if the servings were as said"
    else:
        how = "cannot be told whether the whole diet reaches it"
    printer.line(f"{said}; {how} [{table.evidence}, {level.verified}]", 2)


def _from_to(low: Decimal | float, high: Decimal | float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def diet_form(pack: RulePack) -> str:
    """An empty form of the food screen, as YAML."""
    widest = max(len(name) for name in pack.foods) + 1
    lines = [
        "# Food screen, UNVALIDATED. Servings as '2 a week', '1 a day' or 'never'; leave empty what was not answered.",
        "age:          # whole years",
        "sex:          # female, male, other or unknown",
        "pregnancy:    # pregnant, lactating or not pregnant",
        "foods:",
        *(
            f"  {name + ':':{widest}}    # {food.title}; a serving is {food.serving}"
            for name, food in pack.foods.items()
        ),
    ]
    return "\n".join(lines)
