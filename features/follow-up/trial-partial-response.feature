Feature: Partial response at week 6
  A fall of 5 points or of a fifth, but not of half, and a PHQ-9 of 5 or more: the evidence-based treatment is looked at first,
  magnesium is optional until week 12. The bounds and the partition stand in trial-response.feature.
  Evidence: lowe-2004, kounali-2022, tarleton-2017; against: phelan-2018, mehdi-2017, sarris-2022

  Scenario Outline: below half, from 5 points or a fifth
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "<before>" 45 days ago
    When the record is evaluated
    Then "trial-response" is <response>
    And "trial-partial-response" is <partial>
    And "trial-no-response" is <none>

    Examples:
      | before | after | response      | partial       | none          |
      | 11     | 6     | not indicated | offered       | not indicated |
      | 11     | 5     | offered       | not indicated | not indicated |
      | 11     | 8     | not indicated | offered       | not indicated |
      | 11     | 9     | not indicated | not indicated | offered       |

  Scenario Outline: a PHQ-9 is current for 14 days
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 55 days ago
    And the PHQ-9 is "7" from <ago> days ago
    And the PHQ-9 was "12" 56 days ago
    When the record is evaluated
    Then "trial-partial-response" is <partial>

    Examples:
      | ago | partial  |
      | 14  | offered  |
      | 15  | withheld |

  Scenario Outline: what holds back going on
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the <item> is "<value>"
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | item            | value              | rule                      |
      | PHQ-9 item 9    | 1                  | suicide-risk              |
      | eGFR            | 59.9 mL/min/1.73m2 | moderate-renal-impairment |
      | serum magnesium | 1.10 mmol/L        | hypermagnesaemia          |
      | age             | 17                 | outside-adult-scope       |

  Scenario: at a PHQ-9 of 20 or more guideline treatment comes first
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "20"
    And the PHQ-9 was "26" 45 days ago
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "severe-depression-first-line"

  Scenario: an unknown eGFR withholds it
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the eGFR is not known
    When the record is evaluated
    Then "trial-partial-response" is withheld for want of "eGFR"

  Scenario: the treatment of the depression comes first in its text
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then the text of "trial-partial-response" says "evidence-based treatment of the depression could be reviewed"
    And the text of "trial-partial-response" says "If magnesium was begun for mood"
    And the text of "trial-partial-response" says "leaving magnesium out is equally an option"
    And the text of "trial-partial-response" says "cannot be told from expectation"
