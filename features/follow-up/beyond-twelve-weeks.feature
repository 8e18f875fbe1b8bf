Feature: Magnesium for mood for more than 12 weeks
  No trial goes beyond 12 weeks. Where magnesium was begun with depressive symptoms a planned end could be discussed.
  Evidence: tarleton-2017, barragan-rodriguez-2008 (proposal); against: phelan-2018

  Scenario Outline: from day 85, for a year
    Given a healthy adult
    And the PHQ-9 is "12" from 366 days ago
    And the PHQ-9 was "12" 86 days ago
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "beyond-twelve-weeks" is <monitor>

    Examples:
      | days | monitor       |
      | 84   | not indicated |
      | 85   | offered       |
      | 86   | offered       |
      | 364  | offered       |
      | 365  | offered       |
      | 366  | not indicated |

  Scenario Outline: only with symptoms on record in the 4 weeks before
    Given a healthy adult
    And the PHQ-9 is "<phq9>" from <before> days ago
    And the patient takes "magnesium chloride" since 100 days ago
    When the record is evaluated
    Then "beyond-twelve-weeks" is <monitor>

    Examples:
      | phq9 | before | monitor       |
      | 4    | 101    | not indicated |
      | 5    | 101    | offered       |
      | 6    | 101    | offered       |
      | 12   | 128    | offered       |
      | 12   | 129    | not indicated |

  Scenario: a supplement begun without any PHQ-9 is left alone
    Given a healthy adult
    And the PHQ-9 is not known
    And the patient takes "magnesium citrate" since 200 days ago
    When the record is evaluated
    Then "beyond-twelve-weeks" is not indicated

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the PHQ-9 is "12" from 101 days ago
    And the patient takes "magnesium chloride" since 100 days ago
    When the record is evaluated
    Then "beyond-twelve-weeks" is suppressed by "outside-adult-scope"

  Scenario: a planned end, and standard care goes on
    Given a healthy adult
    And the PHQ-9 is "12" from 101 days ago
    And the patient takes "magnesium chloride" since 100 days ago
    When the record is evaluated
    Then the text of "beyond-twelve-weeks" says "no trial goes beyond 12 weeks"
    And the text of "beyond-twelve-weeks" says "a day on which it ends could be discussed"
    And the text of "beyond-twelve-weeks" says "Standard care goes on unchanged"

  Scenario: magnesium of which nobody knows the beginning
    Given a healthy adult
    And the patient takes "magnesium chloride"
    When the record is evaluated
    Then "beyond-twelve-weeks" is not indicated
    And "trial-overdue" is not indicated
