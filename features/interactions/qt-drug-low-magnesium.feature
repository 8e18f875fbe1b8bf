Feature: Low magnesium, low potassium or a long QTc on an antidepressant that prolongs QT
  Citalopram and other antidepressants whose labels warn of QT prolongation need magnesium and potassium in order.
  No stop holds this back, and it never changes the antidepressant.
  Evidence: fda-2012-citalopram

  Scenario Outline: potassium below 3.5
    Given a healthy adult
    And the patient takes "citalopram" since 200 days ago
    And the potassium is "<potassium>"
    And the serum magnesium is "0.85 mmol/L"
    And the QTc is "420 ms"
    When the record is evaluated
    Then "qt-drug-low-magnesium" is <workup>

    Examples:
      | potassium  | workup        |
      | 3.4 mmol/L | offered       |
      | 3.5 mmol/L | not indicated |
      | 3.6 mmol/L | not indicated |
      | 3.4 meq/L  | offered       |
      | 3.5 meq/L  | not indicated |
      | 3.6 meq/L  | not indicated |

  Scenario Outline: magnesium below the laboratory's limit
    Given a healthy adult
    And the patient takes "<medicine>" since 200 days ago
    And the serum magnesium is "<magnesium>"
    And the potassium is "4.2 mmol/L"
    And the QTc is "420 ms"
    When the record is evaluated
    Then "qt-drug-low-magnesium" is <workup>

    Examples:
      | medicine      | magnesium   | workup        |
      | citalopram    | 0.69 mmol/L | offered       |
      | citalopram    | 0.70 mmol/L | not indicated |
      | citalopram    | 1.6 mg/dL   | offered       |
      | citalopram    | 1.7 mg/dL   | not indicated |
      | venlafaxine   | 0.69 mmol/L | offered       |
      | amitriptyline | 0.69 mmol/L | offered       |
      | sertraline    | 0.69 mmol/L | not indicated |

  Scenario Outline: QTc from 470 ms in women, from 450 ms in anyone else
    Given a healthy adult
    And the sex is "<sex>"
    And the patient takes "escitalopram" since 200 days ago
    And the serum magnesium is "0.85 mmol/L"
    And the potassium is "4.2 mmol/L"
    And the QTc is "<qtc>"
    When the record is evaluated
    Then "qt-drug-low-magnesium" is <workup>

    Examples:
      | sex    | qtc    | workup        |
      | female | 469 ms | not indicated |
      | female | 470 ms | offered       |
      | female | 471 ms | offered       |
      | male   | 449 ms | not indicated |
      | male   | 450 ms | offered       |
      | male   | 451 ms | offered       |
      | other  | 450 ms | offered       |

  Scenario: nothing measured on citalopram is not reassurance
    Given a healthy adult
    And the patient takes "citalopram" since 200 days ago
    When the record is evaluated
    Then "qt-drug-low-magnesium" is withheld

  Scenario: a missing QTc never hides a low potassium
    Given a healthy adult
    And the patient takes "citalopram" since 200 days ago
    And the potassium is "3.0 mmol/L"
    When the record is evaluated
    Then "qt-drug-low-magnesium" is offered

  Scenario Outline: a potassium is current for 90 days
    Given a healthy adult
    And the patient takes "citalopram" since 200 days ago
    And the potassium is "3.0 mmol/L" from <days> days ago
    When the record is evaluated
    Then "qt-drug-low-magnesium" is <workup>

    Examples:
      | days | workup   |
      | 90   | offered  |
      | 91   | withheld |

  Scenario: kidney failure does not suppress it, and the antidepressant is left alone
    Given a healthy adult
    And the patient takes "citalopram" since 200 days ago
    And the potassium is "3.0 mmol/L"
    And the eGFR is "20 mL/min/1.73m2"
    When the record is evaluated
    Then "severe-renal-impairment" is offered
    And "qt-drug-low-magnesium" is offered
    And the text of "qt-drug-low-magnesium" says "the antidepressant is not changed"

  Scenario: the limits on the label of citalopram are named and nothing is changed
    Given a healthy adult
    And the patient takes "citalopram" since 200 days ago
    And the potassium is "3.0 mmol/L"
    When the record is evaluated
    Then the text of "qt-drug-low-magnesium" says "at most 40 mg of citalopram; 20 mg of citalopram above 60 years"
    And the text of "qt-drug-low-magnesium" says "Magnesium tablets are no treatment of a long QTc"
