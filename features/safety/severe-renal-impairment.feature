Feature: Severe renal impairment
  With an eGFR below 30, dialysis or acute kidney injury magnesium by mouth is contraindicated. An eGFR nobody knows is
  never a normal one: it withholds every trial.
  Evidence: magnaspartate-smpc, wakai-2019

  Scenario Outline: the two kidney limits
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is "<egfr>"
    When the record is evaluated
    Then "severe-renal-impairment" is <severe>
    And "moderate-renal-impairment" is <moderate>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | egfr                 | severe        | moderate      | trial      |
      | 5 mL/min/1.73m2      | offered       | not indicated | suppressed |
      | 29.9 mL/min/1.73m2   | offered       | not indicated | suppressed |
      | 30 mL/min/1.73m2     | not indicated | offered       | suppressed |
      | 31 mL/min/1.73m2     | not indicated | offered       | suppressed |
      | 59.9 mL/min/1.73m2   | not indicated | offered       | suppressed |
      | 60 mL/min/1.73m2     | not indicated | not indicated | offered    |
      | >60 mL/min/1.73m2    | not indicated | not indicated | offered    |
      | >25 mL/min/1.73m2    | withheld      | withheld      | withheld   |

  Scenario: an unknown eGFR withholds a trial and is named
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "eGFR"
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario Outline: an eGFR is current for 365 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is "90 mL/min/1.73m2" from <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial    |
      | 365  | offered  |
      | 366  | withheld |

  Scenario Outline: an eGFR whose unit is missing or foreign is not used
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is "<egfr>"
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "eGFR"
    And "unit" is reported as a data problem of the eGFR

    Examples:
      | egfr     |
      | 90       |
      | 1.5 mL/s |

  Scenario Outline: dialysis and acute kidney injury count whatever the eGFR
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "severe-renal-impairment" is offered
    And "supplement-alongside-therapy" is suppressed by "severe-renal-impairment"

    Examples:
      | diagnosis               |
      | haemodialysis           |
      | acute kidney injury     |
      | end stage renal disease |

  Scenario: it does not suppress the work-up of a low magnesium
    Given a healthy adult
    And the eGFR is "20 mL/min/1.73m2"
    And the serum magnesium is "0.62 mmol/L"
    When the record is evaluated
    Then "severe-renal-impairment" is offered
    And "confirm-low-magnesium" is offered
