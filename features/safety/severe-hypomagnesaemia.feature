Feature: Critically low magnesium
  Below 0.50 mmol/L, at or below 1.2 mg/dL or below 1.0 meq/L is reviewed today, and so is a low value with arrhythmia,
  seizure, tetany or a QTc of 500 ms. A value is compared in the unit it was reported in, never converted first.
  Evidence: nhs-highland-hypomagnesaemia, ctcae-v5

  Scenario Outline: the critical limit in each unit
    Given a healthy adult
    And the QTc is "420 ms"
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is <urgent>
    And "confirm-low-magnesium" is <confirm>

    Examples:
      | magnesium   | urgent        | confirm       |
      | 0.49 mmol/L | offered       | not indicated |
      | 0.50 mmol/L | not indicated | offered       |
      | 0.51 mmol/L | not indicated | offered       |
      | 0.9 mg/dL   | offered       | not indicated |
      | 1.1 mg/dL   | offered       | not indicated |
      | 1.2 mg/dL   | offered       | not indicated |
      | 1.21 mg/dL  | not indicated | offered       |
      | 1.3 mg/dL   | not indicated | offered       |
      | 0.99 meq/L  | offered       | not indicated |
      | 1.0 meq/L   | not indicated | offered       |
      | 1.01 meq/L  | not indicated | offered       |
      | 0.9 mmol/L  | not indicated | not indicated |
      | <0.5 mmol/L | offered       | not indicated |

  Scenario Outline: a low value with a severe sign is urgent
    Given a healthy adult
    And the serum magnesium is "<magnesium>"
    And the QTc is "<qtc>"
    And the patient reports "<symptom>"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is <urgent>

    Examples:
      | magnesium   | qtc    | symptom  | urgent        |
      | 0.62 mmol/L | 420 ms | seizure  | offered       |
      | 0.62 mmol/L | 420 ms | tetany   | offered       |
      | 0.62 mmol/L | 420 ms | digoxin toxicity | offered |
      | 0.62 mmol/L | 420 ms | headache | not indicated |
      | 0.62 mmol/L | 499 ms | headache | not indicated |
      | 0.62 mmol/L | 500 ms | headache | offered       |
      | 0.62 mmol/L | 501 ms | headache | offered       |
      | 0.70 mmol/L | 500 ms | seizure  | not indicated |

  Scenario Outline: digoxin toxicity with a low value is urgent
    Given a healthy adult
    And the serum magnesium is "<magnesium>"
    And the QTc is "420 ms"
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is <urgent>

    Examples:
      | magnesium   | diagnosis                   | urgent        |
      | 0.69 mmol/L | digoxin toxicity            | offered       |
      | 0.70 mmol/L | digoxin toxicity            | not indicated |
      | 0.69 mmol/L | history of digoxin toxicity | not indicated |

  Scenario: with a low value the QTc has to be known before it is called not severe
    Given a healthy adult
    And the serum magnesium is "0.62 mmol/L"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is withheld for want of "QTc"
    And "confirm-low-magnesium" is offered

  Scenario Outline: it holds back a trial whatever symptoms are known
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>"
    And the symptoms are not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | magnesium   | trial      |
      | 0.49 mmol/L | suppressed |
      | 0.62 mmol/L | suppressed |
      | 0.85 mmol/L | offered    |

  Scenario: a number without a unit falls into no band
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "2.0"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is withheld
    And "severe-hypermagnesaemia" is withheld
    And "hypermagnesaemia" is withheld
    And "confirm-low-magnesium" is withheld
    And "no unit" is reported as a data problem of the serum magnesium
    And "supplement-alongside-therapy" is withheld for want of "serum magnesium"

  Scenario: a low value from an EDTA tube is artefact until repeated
    Given a healthy adult
    And the serum magnesium is "0.30 mmol/L" from an edta specimen
    When the record is evaluated
    Then "severe-hypomagnesaemia" is withheld
    And "magnesium-result-not-usable" is offered
    And the text of "magnesium-result-not-usable" says "urgently if the reported value, which is shown with the data, looked critical"
    And "edta: repeat it" is reported as a data problem of the serum magnesium

  Scenario: a true extreme is acted on and confirmed, not discarded
    Given a healthy adult
    And the serum magnesium is "0.14 mmol/L"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is offered
    And "hardly plausible" is reported as a data problem of the serum magnesium

  Scenario: it stays urgent with kidney failure, which stops magnesium tablets
    Given a healthy adult
    And the eGFR is "20 mL/min/1.73m2"
    And the serum magnesium is "0.45 mmol/L"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is offered
    And "severe-renal-impairment" is offered
    And the text of "severe-hypomagnesaemia" says "not a case for a supplement for mood"
