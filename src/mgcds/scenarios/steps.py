"""The step library: the sentences that a feature file is written in. Each reads its words and calls one method.

The names of items are those of `mgcds schema record` or their titles: `the serum magnesium`, `the PHQ-9 item 9`.
pytest loads this module in every run of a project that has mgcds installed, so what is heavy is imported inside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

import pytest
import pytest_bdd
from pytest_bdd.parser import Scenario

from mgcds.scenarios.failures import ScenarioError, ScenarioFailure
from mgcds.scenarios.sentences import Sentence

if TYPE_CHECKING:
    from mgcds.model.evaluation import Status
    from mgcds.model.pack import RulePack
    from mgcds.scenarios.patients import Patient

SCENARIO = pytest.StashKey[Scenario]()
"""the scenario that a test runs; the plugin puts it there"""

DATA_PROBLEM = Sentence('"<text>" is reported as a data problem of the <item>')


Step = TypeVar("Step", bound=Callable[..., None])

LIBRARY: list[tuple[str, Sentence]] = []
"""every step of the library: given, when or then, and its sentence"""
CALLS: dict[Sentence, Callable[..., None]] = {}
"""what each sentence does"""


def given(sentence: str) -> Callable[[Step], Step]:
    """A step that says something of the patient."""
    return _listed("given", Sentence(sentence))


def when(sentence: str) -> Callable[[Step], Step]:
    """A step that does something."""
    return _listed("when", Sentence(sentence))


def then(sentence: str | Sentence) -> Callable[[Step], Step]:
    """A step that expects something."""
    return _listed("then", sentence if isinstance(sentence, Sentence) else Sentence(sentence))


def _listed(kind: str, sentence: Sentence) -> Callable[[Step], Step]:
    LIBRARY.append((kind, sentence))
    register = {"given": pytest_bdd.given, "when": pytest_bdd.when, "then": pytest_bdd.then}[kind](
        sentence, stacklevel=2
    )

    def keep(step: Step) -> Step:
        CALLS[sentence] = step
        return register(step)  # type: ignore[return-value]

    return keep


@pytest.fixture(scope="session")
def mgcds_pack(request: pytest.FixtureRequest) -> RulePack:
    """The rule pack that scenarios are about, with the limits of `--mgcds-jurisdiction`."""
    from mgcds.errors import PackError, UnknownJurisdiction
    from mgcds.loading import load_pack

    try:
        return load_pack(_root_of_the_pack(request.config), request.config.getoption("mgcds_jurisdiction"))
    except (PackError, UnknownJurisdiction) as error:
        problems = str(error)
    pytest.fail(f"the rule pack does not load\n{problems}", pytrace=False)


def _root_of_the_pack(config: pytest.Config) -> Path | None:
    """`--mgcds-rules`, else the ini option `mgcds_rules`, else None for the built-in one."""
    chosen, written = config.getoption("mgcds_rules"), config.getini("mgcds_rules")
    return config.invocation_params.dir / chosen if chosen else config.rootpath / written if written else None


@pytest.fixture
def mgcds_patient(request: pytest.FixtureRequest, mgcds_pack: RulePack) -> Patient:
    """The patient of one scenario, or any patient."""
    scenario = request.node.stash.get(SCENARIO, None)
    if scenario is not None and scenario.steps and scenario.steps[0].name == "any patient":
        from mgcds.scenarios.anyone import Anyone

        return Anyone(mgcds_pack)
    from mgcds.scenarios.patients import Patient

    return Patient(mgcds_pack)


# --- Given: who it is ---------------------------------------------------------------------------------------------------------


@given("a healthy adult")
def a_healthy_adult(mgcds_patient: Patient) -> None:
    mgcds_patient.begin("a healthy adult")


@given("a patient of whom nothing is known")
def an_unknown_patient(mgcds_patient: Patient) -> None:
    mgcds_patient.begin("a patient of whom nothing is known")


@given("an adult with mild to moderate depression on a stable antidepressant")
def a_treated_adult(mgcds_patient: Patient) -> None:
    mgcds_patient.begin("an adult with mild to moderate depression on a stable antidepressant")


@given("an adult with mild to moderate depression who declined first-line care")
def an_adult_who_declined(mgcds_patient: Patient) -> None:
    mgcds_patient.begin("an adult with mild to moderate depression who declined first-line care")


@given("any patient")
def any_patient(mgcds_patient: Patient) -> None:
    mgcds_patient.begin("any patient")


@given('the patient was born in "<year>"')
def born_in(year: str, mgcds_patient: Patient) -> None:
    mgcds_patient.born_in(year)


@given("today is <day>")
def today_is(day: str, mgcds_patient: Patient) -> None:
    mgcds_patient.set_today(day)


@given('the limits are those of "<jurisdictions>"')
def limits_are_of(jurisdictions: str, request: pytest.FixtureRequest, mgcds_patient: Patient) -> None:
    from mgcds.errors import UnknownJurisdiction
    from mgcds.loading import load_pack
    from mgcds.scenarios.naming import listed

    if not listed(jurisdictions):
        raise ScenarioError("write whose limits apply, such as 'us' or 'us, uk'")
    try:
        mgcds_patient.use(load_pack(_root_of_the_pack(request.config), listed(jurisdictions)))
    except UnknownJurisdiction as error:
        raise ScenarioError(str(error)) from None


# --- Given: values and states -------------------------------------------------------------------------------------------------


@given('the <item> is "<quantity>"')
def item_is(item: str, quantity: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity)


@given('the <item> is "<quantity>" from <n> days ago')
def item_is_from(item: str, quantity: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity, int(n))


@given('the <item> was "<quantity>" <n> days ago')
def item_was(item: str, quantity: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say_besides(item, quantity, int(n))


@given('the <item> is "<quantity>" with laboratory limits "<low>" to "<high>"')
def item_with_limits(item: str, quantity: str, low: str, high: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity, lower_limit=low, upper_limit=high)


@given('the <item> is "<quantity>" from a <fault> specimen')
@given('the <item> is "<quantity>" from an <fault> specimen')
@given('the <item> is "<quantity>" from an ECG with <fault>')
def item_from_specimen(item: str, quantity: str, fault: str, mgcds_patient: Patient) -> None:
    from mgcds.loading.reading import did_you_mean
    from mgcds.model.record import SpecimenProblem

    faults = get_args(SpecimenProblem)
    if fault.lower() not in faults:
        raise ScenarioError(f"no specimen or rhythm is called '{fault}': {did_you_mean(fault.lower(), faults)}")
    mgcds_patient.say(item, quantity, specimen=[fault.lower()])


@given('the <item> is below "<limit>"')
def item_is_below(item: str, limit: str, mgcds_patient: Patient) -> None:
    mgcds_patient.bound(item, "below", limit)


@given('the <item> is at most "<limit>"')
def item_is_at_most(item: str, limit: str, mgcds_patient: Patient) -> None:
    mgcds_patient.bound(item, "at_most", limit)


@given('the <item> is at least "<limit>"')
def item_is_at_least(item: str, limit: str, mgcds_patient: Patient) -> None:
    mgcds_patient.bound(item, "at_least", limit)


@given('the <item> is above "<limit>"')
def item_is_above(item: str, limit: str, mgcds_patient: Patient) -> None:
    mgcds_patient.bound(item, "above", limit)


@given("the <item> was reported <n> days ago and cannot be used")
def item_was_unusable(item: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.was_unusable(item, int(n))


@given('the <item> is "<quantity>" by "<method>"')
def item_by_method(item: str, quantity: str, method: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity, method=method)


@given('the PHQ-9 answers are "<answers>"')
def phq9_answers_are(answers: str, mgcds_patient: Patient) -> None:
    mgcds_patient.answers_phq9(answers)


@given('the PHQ-9 answers are "<answers>" from <n> days ago')
def phq9_answers_are_from(answers: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.answers_phq9(answers, int(n))


@given("the <item> is not known")
@given("the <item> are not known")
def item_is_not_known(item: str, mgcds_patient: Patient) -> None:
    mgcds_patient.forget(item)


# --- Given: lists -------------------------------------------------------------------------------------------------------------


@given('the patient takes "<medicine>"')
def takes(medicine: str, mgcds_patient: Patient) -> None:
    mgcds_patient.takes(medicine)


@given('the patient takes "<medicine>" since <n> days ago')
def takes_since(medicine: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.takes(medicine, int(n))


@given('the patient takes "<product>" with "<dose>" a day since <n> days ago')
def takes_a_dose(product: str, dose: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.takes(product, int(n), dose)


@given('the patient stopped "<medicine>" <n> days ago')
def stopped(medicine: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.stopped(medicine, int(n))


@given('the patient receives "<treatment>" since <n> days ago')
def receives(treatment: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.receives(treatment, int(n))


@given("the patient has an operation planned in <n> days")
def has_an_operation_planned(n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.has_surgery_in(int(n))


@given('the patient takes a medicine of "<value_set>"')
def takes_one_of(value_set: str, mgcds_patient: Patient) -> None:
    mgcds_patient.belongs("taking", value_set)


@given('the patient receives a treatment of "<value_set>"')
def receives_one_of(value_set: str, mgcds_patient: Patient) -> None:
    mgcds_patient.belongs("receiving", value_set)


@given('the patient has a diagnosis of "<value_set>"')
def has_one_of(value_set: str, mgcds_patient: Patient) -> None:
    mgcds_patient.belongs("diagnosis", value_set)


@given('the patient reports a symptom of "<value_set>"')
def reports_one_of(value_set: str, mgcds_patient: Patient) -> None:
    mgcds_patient.belongs("symptom", value_set)


@given('the patient has "<medicine>" on hold')
def has_on_hold(medicine: str, mgcds_patient: Patient) -> None:
    mgcds_patient.on_hold(medicine)


@given("it is not known when the <item> was reviewed")
def never_reviewed(item: str, mgcds_patient: Patient) -> None:
    mgcds_patient.never_reviewed(item)


@given('the patient has "<diagnosis>"')
def has(diagnosis: str, mgcds_patient: Patient) -> None:
    mgcds_patient.has("conditions", diagnosis)


@given('the patient may still have "<diagnosis>"')
def may_still_have(diagnosis: str, mgcds_patient: Patient) -> None:
    mgcds_patient.may_still_have(diagnosis)


@given('the patient reports "<symptom>"')
def reports(symptom: str, mgcds_patient: Patient) -> None:
    mgcds_patient.has("symptoms", symptom)


@given("the <item> was reviewed <n> days ago")
@given("the <item> were reviewed <n> days ago")
def list_was_reviewed(item: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.reviewed(item, int(n))


# --- When ---------------------------------------------------------------------------------------------------------------------


@when("the record is evaluated")
def evaluated(request: pytest.FixtureRequest, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import item_called

    steps = request.node.stash[SCENARIO].steps
    parts = [DATA_PROBLEM.parse_arguments(step.name) for step in steps if step.type == "then"]
    mgcds_patient.evaluate(frozenset(item_called(part["item"], mgcds_patient.pack).id for part in parts if part))


# --- Then: statuses -----------------------------------------------------------------------------------------------------------


@then('"<rule>" is offered')
def is_offered(rule: str, mgcds_patient: Patient) -> None:
    _expect(rule, "offered", mgcds_patient)


@then('"<rule>" is suppressed')
def is_suppressed(rule: str, mgcds_patient: Patient) -> None:
    _expect(rule, "suppressed", mgcds_patient)


@then('"<rule>" is withheld')
def is_withheld(rule: str, mgcds_patient: Patient) -> None:
    _expect(rule, "withheld", mgcds_patient)


@then('"<rule>" is not indicated')
def is_not_indicated(rule: str, mgcds_patient: Patient) -> None:
    _expect(rule, "not indicated", mgcds_patient)


@then('"<rule>" is not offered')
def is_not_offered(rule: str, mgcds_patient: Patient) -> None:
    _expect_not(rule, "offered", mgcds_patient)


@then('"<rule>" is not suppressed')
def is_not_suppressed(rule: str, mgcds_patient: Patient) -> None:
    _expect_not(rule, "suppressed", mgcds_patient)


@then('"<rule>" is not withheld')
def is_not_withheld(rule: str, mgcds_patient: Patient) -> None:
    _expect_not(rule, "withheld", mgcds_patient)


@then('"<rule>" is of kind "<kind>"')
def is_of_kind(rule: str, kind: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import kind_called, rule_called

    pack = mgcds_patient.pack
    wanted, found = kind_called(kind, pack), pack.rules[rule_called(rule, pack)].suggest.kind
    if found != wanted:
        raise ScenarioFailure(f"{rule} of kind {wanted}", f"of kind {found}")


@then('every suggestion of kind "<kind>" that is met is offered')
def met_is_offered(kind: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import kind_called

    mgcds_patient.evaluated.expect_met_is_offered(kind_called(kind, mgcds_patient.pack))


@then('"<one>" and "<other>" are never offered together')
def never_offered_together(one: str, other: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import rule_called

    pack = mgcds_patient.pack
    mgcds_patient.evaluated.expect_not_together(rule_called(one, pack), rule_called(other, pack))


@then('"<rule>" is suppressed by "<holder>"')
def is_suppressed_by(rule: str, holder: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import rule_called

    rule_called(holder, mgcds_patient.pack)
    _expect(rule, "suppressed", mgcds_patient)
    by = mgcds_patient.evaluated.assessment[rule].held_back_by
    if holder not in by:
        raise ScenarioFailure(f"{rule} suppressed by {holder}", f"suppressed by {', '.join(by)}")


@then('"<rule>" is withheld for want of "<items>"')
def is_withheld_for_want_of(rule: str, items: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.evaluated import wanted
    from mgcds.scenarios.naming import items_called

    wants = items_called(items, mgcds_patient.pack)
    _expect(rule, "withheld", mgcds_patient)
    suggestion = mgcds_patient.evaluated.assessment[rule]
    if wants not in suggestion.missing:
        raise ScenarioFailure(f"{rule} withheld for want of '{', '.join(wants)}'", f"for want of {wanted(suggestion)}")


@then('nothing is offered but "<rules>"')
def nothing_else(rules: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import rules_called

    mgcds_patient.evaluated.expect_only(rules_called(rules, mgcds_patient.pack))


@then('no suggestion of kind "<kind>" is offered')
def no_suggestion_of_kind(kind: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import kind_called

    mgcds_patient.evaluated.expect_none_of_kind(kind_called(kind, mgcds_patient.pack))


def _expect_not(rule: str, status: Status, patient: Patient) -> None:
    from mgcds.scenarios.naming import rule_called

    patient.evaluated.expect_not(rule_called(rule, patient.pack), status)


def _expect(rule: str, status: Status, patient: Patient) -> None:
    from mgcds.scenarios.naming import rule_called

    patient.evaluated.expect_status(rule_called(rule, patient.pack), status)


# --- Then: texts and data -----------------------------------------------------------------------------------------------------


@then('the text of "<rule>" says "<words>"')
def text_says(rule: str, words: str, mgcds_patient: Patient) -> None:
    _expect_words(rule, words, True, mgcds_patient)


@then('the text of "<rule>" never says "<words>"')
def text_never_says(rule: str, words: str, mgcds_patient: Patient) -> None:
    _expect_words(rule, words, False, mgcds_patient)


def _expect_words(rule: str, words: str, wanted: bool, patient: Patient) -> None:
    """Words are compared without regard to case and line ends."""
    from mgcds.scenarios.naming import rule_called

    if not words.strip():
        raise ScenarioError("write the words that the text is searched for")
    text = patient.evaluated.assessment[rule_called(rule, patient.pack)].text
    if (_plain(words) in _plain(text)) is not wanted:
        raise ScenarioFailure(f"a text {'with' if wanted else 'without'} '{words}'", f"'{text}'")


@then('the explanation of "<rule>" says "<words>"')
def explanation_says(rule: str, words: str, mgcds_patient: Patient) -> None:
    from mgcds.model.explanation import leaves, step_text
    from mgcds.scenarios.naming import rule_called

    if not words.strip():
        raise ScenarioError("write the words that the explanation is searched for")
    steps = mgcds_patient.evaluated.assessment[rule_called(rule, mgcds_patient.pack)].steps
    said = "; ".join(step_text(leaf) for leaf in leaves(steps))
    if _plain(words) not in _plain(said):
        raise ScenarioFailure(f"an explanation with '{words}'", f"'{said}'")


@then(DATA_PROBLEM)
def is_a_data_problem(text: str, item: str, mgcds_patient: Patient) -> None:
    from mgcds.scenarios.naming import item_called

    if not text.strip():
        raise ScenarioError("write words of the data problem")
    about = item_called(item, mgcds_patient.pack).id
    problems = mgcds_patient.evaluated.assessment.problems
    found = [problem.what for problem in problems if problem.about.partition("[")[0] == about]
    if not any(_plain(text) in _plain(what) for what in found):
        raise ScenarioFailure(f"a data problem of {about} with '{text}'", "; ".join(found) or "none of this item")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
