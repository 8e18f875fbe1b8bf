"""The step library: the sentences that a feature file is written in. Each reads its words and calls one method.

The names of items are those of `mgcds schema record` or their titles: `the serum magnesium`, `the PHQ-9 item 9`.
pytest loads this module in every run of a project that has mgcds installed, so what is heavy is imported inside.
"""

from __future__ import annotations

from collections.abc import Callable
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


LIBRARY: list[tuple[str, Sentence]] = []
"""every step of the library: given, when or then, and its sentence"""

Step = TypeVar("Step", bound=Callable[..., None])


def given(sentence: str) -> Callable[[Step], Step]:
    """A step that says something of the patient."""
    return pytest_bdd.given(_listed("given", Sentence(sentence)))  # type: ignore[return-value]


def when(sentence: str) -> Callable[[Step], Step]:
    """A step that does something."""
    return pytest_bdd.when(_listed("when", Sentence(sentence)))  # type: ignore[return-value]


def then(sentence: str | Sentence) -> Callable[[Step], Step]:
    """A step that expects something."""
    known = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
    return pytest_bdd.then(_listed("then", known))  # type: ignore[return-value]


def _listed(kind: str, sentence: Sentence) -> Sentence:
    LIBRARY.append((kind, sentence))
    return sentence


@pytest.fixture(scope="session")
def mgcds_pack(request: pytest.FixtureRequest) -> RulePack:
    """The rule pack that scenarios are about: `--mgcds-rules`, else the ini option `mgcds_rules`, else the built-in one."""
    from mgcds.errors import PackError
    from mgcds.loading import load_pack

    config = request.config
    chosen, written = config.getoption("mgcds_rules"), config.getini("mgcds_rules")
    root = config.invocation_params.dir / chosen if chosen else config.rootpath / written if written else None
    try:
        return load_pack(root)
    except PackError as error:
        problems = str(error)
    pytest.fail(f"the rule pack does not load\n{problems}", pytrace=False)


@pytest.fixture
def mgcds_patient(mgcds_pack: RulePack) -> Patient:
    """The patient of one scenario."""
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


@given("today is <day>")
def today_is(day: str, mgcds_patient: Patient) -> None:
    mgcds_patient.set_today(day)


# --- Given: values and states -------------------------------------------------------------------------------------------------


@given('the <item> is "<quantity>"')
def item_is(item: str, quantity: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity)


@given('the <item> is "<quantity>" from <n> days ago')
def item_is_from(item: str, quantity: str, n: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity, int(n))


@given('the <item> is "<quantity>" with laboratory limits "<low>" to "<high>"')
def item_with_limits(item: str, quantity: str, low: str, high: str, mgcds_patient: Patient) -> None:
    mgcds_patient.say(item, quantity, lower_limit=low, upper_limit=high)


@given('the <item> is "<quantity>" from a <fault> specimen')
@given('the <item> is "<quantity>" from an <fault> specimen')
def item_from_specimen(item: str, quantity: str, fault: str, mgcds_patient: Patient) -> None:
    from mgcds.loading.reading import did_you_mean
    from mgcds.model.record import SpecimenProblem

    faults = get_args(SpecimenProblem)
    if fault.lower() not in faults:
        raise ScenarioError(f"no specimen is called '{fault}': {did_you_mean(fault.lower(), faults)}")
    mgcds_patient.say(item, quantity, specimen=[fault.lower()])


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


@given('the patient has "<diagnosis>"')
def has(diagnosis: str, mgcds_patient: Patient) -> None:
    mgcds_patient.has("conditions", diagnosis)


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
