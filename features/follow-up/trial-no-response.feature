Feature: No response at week 6
  A fall of less than 5 points and less than a fifth, and a PHQ-9 of 5 or more: magnesium for mood ends, diagnosis, adherence
  and care are looked at again. The bounds and the partition stand in trial-response.feature.
  Evidence: lowe-2004, kounali-2022, phelan-2018

  Scenario Outline: below 5 points and below a fifth
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
      | 14     | 12    | not indicated | not indicated | offered       |
      | 14     | 11    | not indicated | offered       | not indicated |
      | 5      | 5     | not indicated | not indicated | offered       |
      | 5      | 6     | not indicated | not indicated | offered       |

  Scenario Outline: a PHQ-9 is current for 14 days
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 55 days ago
    And the PHQ-9 is "11" from <ago> days ago
    And the PHQ-9 was "12" 56 days ago
    When the record is evaluated
    Then "trial-no-response" is <none>

    Examples:
      | ago | none     |
      | 14  | offered  |
      | 15  | withheld |

  Scenario Outline: by a PHQ-9 from day 36
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 45 days ago
    And the PHQ-9 is "11" from <ago> days ago
    And the PHQ-9 was "12" 48 days ago
    When the record is evaluated
    Then "trial-no-response" is <none>

    Examples:
      | ago | none          |
      | 10  | not indicated |
      | 9   | offered       |
      | 8   | offered       |

  Scenario: a stop does not hold it back, since it ends magnesium
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "11"
    And the PHQ-9 was "12" 45 days ago
    And the eGFR is "25 mL/min/1.73m2"
    When the record is evaluated
    Then "trial-no-response" is offered

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "11"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "trial-no-response" is suppressed by "outside-adult-scope"

  Scenario: magnesium ends, care is stepped up
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "11"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then the text of "trial-no-response" says "If it was begun for mood, ending the magnesium is suggested"
    And the text of "trial-no-response" says "the diagnosis, at adherence and at a step up"
    And the text of "trial-no-response" never says "more magnesium"

  Scenario: where the PHQ-9 is below 5 a value before does not matter
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    When the record is evaluated
    Then "trial-no-response" is not indicated

  Scenario Outline: 5 points and less than a fifth, and the other way round
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "<before>" 45 days ago
    When the record is evaluated
    Then "trial-no-response" is <none>
    And "trial-partial-response" is <partial>

    Examples:
      | before | after | none          | partial       |
      | 26     | 21    | not indicated | suppressed    |
      | 21     | 17    | offered       | not indicated |
