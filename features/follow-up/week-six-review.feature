Feature: A PHQ-9 is due at week 6
  The trial lasted 6 weeks and an unblinded result cannot be told from expectation: from day 36 to day 49 a PHQ-9 and a
  decision are due, unless there is one of that window. Standard care goes on.
  Evidence: tarleton-2017, lowe-2004, kounali-2022; against: phelan-2018

  Scenario Outline: day 36 to day 49 after the first dose
    Given a healthy adult
    And the PHQ-9 is "12" from 60 days ago
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "week-six-review" is <monitor>

    Examples:
      | days | monitor       |
      | 35   | not indicated |
      | 36   | offered       |
      | 37   | offered       |
      | 48   | offered       |
      | 49   | offered       |
      | 50   | not indicated |

  Scenario Outline: a PHQ-9 of day 36 or later answers it
    Given a healthy adult
    And the PHQ-9 is "7" from <ago> days ago
    And the PHQ-9 was "12" 45 days ago
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 44 days ago
    When the record is evaluated
    Then "week-six-review" is <monitor>
    And "trial-partial-response" is <response>

    Examples:
      | ago | monitor       | response      |
      | 9   | offered       | not indicated |
      | 8   | not indicated | offered       |
      | 7   | not indicated | offered       |
      | 0   | not indicated | offered       |

  Scenario: a PHQ-9 that was never taken is asked for
    Given a healthy adult
    And the PHQ-9 is not known
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    When the record is evaluated
    Then "week-six-review" is offered

  Scenario: a start that is not known leaves it open
    Given a healthy adult
    And the patient takes "magnesium chloride"
    When the record is evaluated
    Then "week-six-review" is withheld for want of "medicine list"

  Scenario: no magnesium, no review
    Given a healthy adult
    When the record is evaluated
    Then "week-six-review" is not indicated

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the PHQ-9 is not known
    And the patient takes "magnesium chloride" with "100 mg elemental" a day since 42 days ago
    When the record is evaluated
    Then "week-six-review" is suppressed by "outside-adult-scope"

  Scenario: the text does not touch standard care
    Given a healthy adult
    And the PHQ-9 is not known
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    When the record is evaluated
    Then the text of "week-six-review" says "standard care goes on unchanged"
    And the text of "week-six-review" says "If it was begun for mood"
    And the text of "week-six-review" says "less than 5 points and of less than a fifth speaks for ending"
