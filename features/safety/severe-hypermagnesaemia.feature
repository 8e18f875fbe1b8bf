Feature: Critically high magnesium
  Above 1.23 mmol/L, 3.0 mg/dL or 2.46 meq/L is reviewed today, and so is any high value with weakness, low blood
  pressure, slow pulse or lost reflexes. All sources of magnesium are looked for.
  Evidence: ctcae-v5, medscape-hypermagnesaemia, nichols-magnesium

  Scenario Outline: the critical limit in each unit
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "severe-hypermagnesaemia" is <urgent>
    And "hypermagnesaemia" is <high>
    And "supplement-alongside-therapy" is suppressed
    And "trial-dose" is suppressed

    Examples:
      | magnesium   | urgent        | high          |
      | 1.22 mmol/L | not indicated | offered       |
      | 1.23 mmol/L | not indicated | offered       |
      | 1.24 mmol/L | offered       | offered       |
      | 2.9 mg/dL   | not indicated | offered       |
      | 3.0 mg/dL   | not indicated | offered       |
      | 3.1 mg/dL   | offered       | offered       |
      | 2.45 meq/L  | not indicated | offered       |
      | 2.46 meq/L  | not indicated | offered       |
      | 2.47 meq/L  | offered       | offered       |
      | >6 mmol/L   | offered       | offered       |

  Scenario Outline: a high value with a sign of it is urgent, a normal value with the same sign is not
    Given a healthy adult
    And the serum magnesium is "<magnesium>"
    And the patient reports "<symptom>"
    When the record is evaluated
    Then "severe-hypermagnesaemia" is <urgent>

    Examples:
      | magnesium   | symptom     | urgent        |
      | 1.10 mmol/L | weakness    | offered       |
      | 1.10 mmol/L | bradycardia | offered       |
      | 1.10 mmol/L | headache    | not indicated |
      | 1.05 mmol/L | weakness    | not indicated |
      | 1.00 mmol/L | weakness    | not indicated |

  Scenario: a high value whose symptoms are not known still stops a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "1.10 mmol/L"
    And the symptoms are not known
    When the record is evaluated
    Then "severe-hypermagnesaemia" is withheld for want of "symptoms"
    And "hypermagnesaemia" is offered
    And "supplement-alongside-therapy" is suppressed by "hypermagnesaemia"

  Scenario: a high value from a haemolysed specimen may be false and is repeated
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "1.30 mmol/L" from a haemolysed specimen
    When the record is evaluated
    Then "severe-hypermagnesaemia" is withheld
    And "magnesium-result-not-usable" is offered
    And "supplement-alongside-therapy" is withheld for want of "serum magnesium"

  Scenario: magnesium never measured lets a trial pass where the kidneys are known to be well
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is not known
    When the record is evaluated
    Then "severe-hypermagnesaemia" is withheld for want of "serum magnesium"
    And "supplement-alongside-therapy" is offered

  Scenario Outline: a true extreme is acted on and confirmed, not discarded
    Given a healthy adult
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "severe-hypermagnesaemia" is offered
    And "hardly plausible" is reported as a data problem of the serum magnesium

    Examples:
      | magnesium   |
      | 6.1 mmol/L  |
      | 15.0 mg/dL  |
