Feature: Kidney function of the last 90 days needed
  From 65 years, and on a diuretic, lithium, an ACE inhibitor or an NSAID, kidney function changes quickly: a trial needs an eGFR of
  the last 90 days.
  Evidence: wakai-2019 (proposal)

  Scenario Outline: the age decides how old an eGFR may be
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is "<age>"
    And the eGFR is "90 mL/min/1.73m2" from <days> days ago
    When the record is evaluated
    Then "recent-kidney-function" is <defer>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | age | days | defer         | trial      |
      | 64  | 91   | not indicated | offered    |
      | 65  | 90   | not indicated | offered    |
      | 65  | 91   | offered       | suppressed |
      | 66  | 91   | offered       | suppressed |

  Scenario Outline: medicines decide it too
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.85 mmol/L"
    And the patient takes "<medicine>" since 300 days ago
    And the eGFR is "90 mL/min/1.73m2" from 100 days ago
    When the record is evaluated
    Then "recent-kidney-function" is <defer>

    Examples:
      | medicine   | defer         |
      | furosemide | offered       |
      | lithium    | offered       |
      | ramipril   | offered       |
      | captopril  | offered       |
      | ibuprofen  | offered       |
      | metformin  | not indicated |

  Scenario: with an older value the age has to be known
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is not known
    And the eGFR is "90 mL/min/1.73m2" from 100 days ago
    When the record is evaluated
    Then "recent-kidney-function" is withheld for want of "age"

  Scenario: where no magnesium is in question an old eGFR is left alone
    Given a healthy adult
    And the age is "70"
    And the eGFR is "90 mL/min/1.73m2" from 100 days ago
    When the record is evaluated
    Then "recent-kidney-function" is not indicated
