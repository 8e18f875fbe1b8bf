Feature: Consider repletion of a confirmed low magnesium
  Low, confirmed, its work-up begun, PHQ-9 5 to 19: the low value is the reason, mood is not. It takes the place of both
  trials; every safety stop holds it back; no dose for mood is named.
  Evidence: rajizadeh-2017, afsharfar-2021, moabedi-2023, nhs-highland-hypomagnesaemia; against: phelan-2018, sarris-2022

  Scenario Outline: where the work-up stands
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "<workup>"
    When the record is evaluated
    Then "replete-low-magnesium" is <repletion>
    And "confirm-low-magnesium" is <confirm>
    And "supplement-alongside-therapy" is suppressed by "<holder>"
    And "trial-dose" is suppressed by "<holder>"

    Examples:
      | workup              | repletion     | confirm       | holder                |
      | low value confirmed | offered       | not indicated | replete-low-magnesium |
      | started             | not indicated | offered       | confirm-low-magnesium |
      | not started         | not indicated | offered       | confirm-low-magnesium |

  Scenario: a work-up that is not on record withholds it
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    When the record is evaluated
    Then "replete-low-magnesium" is withheld for want of "work-up of low magnesium"
    And "supplement-alongside-therapy" is suppressed by "confirm-low-magnesium"

  Scenario Outline: the laboratory's limit, and the critical one
    Given an adult with mild to moderate depression on a stable antidepressant
    And the work-up of low magnesium is "low value confirmed"
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "replete-low-magnesium" is <repletion>

    Examples:
      | magnesium   | repletion     |
      | 0.49 mmol/L | suppressed    |
      | 0.50 mmol/L | offered       |
      | 0.69 mmol/L | offered       |
      | 0.70 mmol/L | not indicated |
      | 1.2 mg/dL   | suppressed    |
      | 1.3 mg/dL   | offered       |
      | 1.6 mg/dL   | offered       |
      | 1.7 mg/dL   | not indicated |
      | 0.99 meq/L  | suppressed    |
      | 1.0 meq/L   | offered       |
      | 1.39 meq/L  | offered       |
      | 1.4 meq/L   | not indicated |

  Scenario Outline: PHQ-9 from 5 to 19, whatever the treatment
    Given a healthy adult
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the first-line care is "not offered"
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "replete-low-magnesium" is <repletion>
    And no suggestion of kind "dose" is offered

    Examples:
      | phq9 | repletion     |
      | 4    | not indicated |
      | 5    | offered       |
      | 6    | offered       |
      | 16   | offered       |
      | 18   | offered       |
      | 19   | offered       |
      | 20   | not indicated |

  Scenario Outline: what holds it back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the <item> is "<value>"
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | item           | value              | rule                      |
      | PHQ-9 item 9   | 1                  | suicide-risk              |
      | eGFR           | 29.9 mL/min/1.73m2 | severe-renal-impairment   |
      | eGFR           | 59.9 mL/min/1.73m2 | moderate-renal-impairment |
      | pregnancy      | pregnant           | pregnancy                 |
      | bipolar screen | positive           | bipolar-screen-positive   |
      | age            | 17                 | outside-adult-scope       |

  Scenario Outline: a low value is repleted for its own sake, in a bowel disease and whatever the care of the mood
    Given an adult with mild to moderate depression who declined first-line care
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the PHQ-9 is "<phq9>"
    And the functional difficulty is "<difficulty>"
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "<stop>" is offered
    And "supplement-alone" is not offered
    And "replete-low-magnesium" is offered

    Examples:
      | phq9 | difficulty          | diagnosis                | stop                         |
      | 12   | very difficult      | irritable bowel syndrome | bowel-disease                |
      | 17   | very difficult      | haemorrhoids             | severe-depression-first-line |
      | 12   | extremely difficult | haemorrhoids             | severe-impairment-first-line |

  Scenario Outline: interactions count for repletion alone too
    Given a healthy adult
    And the PHQ-9 is "12"
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the patient takes "<medicine>" since 5 days ago
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | medicine      | rule                   |
      | ciprofloxacin | antibiotic-course      |
      | digoxin       | medicine-needs-signoff |

  Scenario: from 65 years an eGFR of the last 90 days is needed for it too
    Given a healthy adult
    And the age is "65"
    And the PHQ-9 is "12"
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the eGFR is "80 mL/min/1.73m2" from 91 days ago
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "recent-kidney-function"

  Scenario: an unknown eGFR withholds it
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the eGFR is not known
    When the record is evaluated
    Then "replete-low-magnesium" is withheld for want of "eGFR"

  Scenario Outline: a confirmation is current for 90 days; after that it is asked for again
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed" from <days> days ago
    When the record is evaluated
    Then "replete-low-magnesium" is <repletion>
    And "confirm-low-magnesium" is <confirm>
    And "supplement-alongside-therapy" is suppressed

    Examples:
      | days | repletion | confirm       |
      | 90   | offered   | not indicated |
      | 91   | withheld  | offered       |

  Scenario: not for who takes magnesium already
    Given a healthy adult
    And the PHQ-9 is "12"
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 100 days ago
    When the record is evaluated
    Then "replete-low-magnesium" is not indicated

  Scenario: what its text says
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    When the record is evaluated
    Then the text of "replete-low-magnesium" says "the low value is the reason, mood is not"
    And the text of "replete-low-magnesium" says "of low certainty"
    And the text of "replete-low-magnesium" says "local protocol"
    And the text of "replete-low-magnesium" says "found a small difference and a later one a larger"
    And the text of "replete-low-magnesium" never says "248"
    And the text of "replete-low-magnesium" never says "deficiency"
