Feature: Last known kidney function was severely impaired and is out of date
  An eGFR below 30 does not become normal by growing old: it goes on holding back a trial, and is said to who takes magnesium, until a
  newer value answers it. A departure on the safe side.
  Evidence: magnaspartate-smpc (proposal); against: none

  Scenario Outline: after 365 days the last known value goes on holding back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is "<egfr>" from <days> days ago
    When the record is evaluated
    Then "severe-renal-impairment" is <stop>
    And "low-kidney-function-not-rechecked" is <ask>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | egfr               | days | stop          | ask           | trial      |
      | 29.9 mL/min/1.73m2 | 365  | offered       | not indicated | suppressed |
      | 29.9 mL/min/1.73m2 | 366  | withheld      | offered       | suppressed |
      | 20 mL/min/1.73m2   | 400  | withheld      | offered       | suppressed |
      | 5 mL/min/1.73m2    | 3000 | withheld      | offered       | suppressed |
      | 30 mL/min/1.73m2   | 366  | withheld      | not indicated | withheld   |
      | 30.1 mL/min/1.73m2 | 366  | withheld      | not indicated | withheld   |
      | <30 mL/min/1.73m2  | 400  | withheld      | offered       | suppressed |
      | <40 mL/min/1.73m2  | 400  | withheld      | withheld      | withheld   |

  Scenario Outline: stage 4 on the problem list, and no current eGFR
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    And the eGFR is not known
    When the record is evaluated
    Then "low-kidney-function-not-rechecked" is <ask>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | diagnosis                      | ask           | trial      |
      | chronic kidney disease stage 4 | offered       | suppressed |
      | CKD stage 4                    | offered       | suppressed |
      | chronic kidney disease stage 3 | not indicated | withheld   |
      | hypertension                   | not indicated | withheld   |

  Scenario Outline: stage 4 on the problem list, and an eGFR that is too old or cannot be used
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "CKD stage 4"
    And the eGFR is "<egfr>" from <days> days ago
    When the record is evaluated
    Then "low-kidney-function-not-rechecked" is <ask>

    Examples:
      | egfr             | days | ask           |
      | 45 mL/min/1.73m2 | 365  | not indicated |
      | 45 mL/min/1.73m2 | 366  | offered       |
      | 45               | 3    | offered       |

  Scenario: a current eGFR answers both
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "CKD stage 4"
    And the eGFR is "62 mL/min/1.73m2"
    When the record is evaluated
    Then "low-kidney-function-not-rechecked" is not indicated

  Scenario: with no eGFR the problem list has to be known
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is not known
    And the problem list is not known
    When the record is evaluated
    Then "low-kidney-function-not-rechecked" is withheld for want of "problem list"

  Scenario: a laxative with magnesium does not go on unspoken
    Given a healthy adult
    And the eGFR is "20 mL/min/1.73m2" from 400 days ago
    And the patient takes "magnesium hydroxide" since 300 days ago
    When the record is evaluated
    Then "low-kidney-function-not-rechecked" is offered
    And the text of "low-kidney-function-not-rechecked" says "antacids and laxatives included"
    And the text of "low-kidney-function-not-rechecked" says "until a current value is there"
