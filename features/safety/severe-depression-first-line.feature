Feature: More severe depression: first-line treatment first
  From a PHQ-9 of 16 without treatment, and from 20 in any case, guideline treatment comes first. The trial behind
  the default dose went up to a PHQ-9 of 19.
  Evidence: nice-ng222, tarleton-2017

  Scenario Outline: without treatment
    Given an adult with mild to moderate depression who declined first-line care
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "severe-depression-first-line" is <stop>
    And "supplement-alone" is <trial>

    Examples:
      | phq9 | stop          | trial         |
      | 4    | not indicated | not indicated |
      | 5    | not indicated | offered       |
      | 15   | not indicated | offered       |
      | 16   | offered       | not indicated |
      | 17   | offered       | not indicated |
      | 20   | offered       | not indicated |
      | 21   | offered       | not indicated |

  Scenario Outline: on a stable antidepressant
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "severe-depression-first-line" is <stop>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | phq9 | stop          | trial         |
      | 16   | not indicated | offered       |
      | 19   | not indicated | offered       |
      | 20   | offered       | not indicated |
      | 21   | offered       | not indicated |
      | 27   | offered       | not indicated |

  Scenario Outline: where first-line care stands decides from 16 to 19
    Given a healthy adult
    And the PHQ-9 is "17"
    And the first-line care is "<care>"
    When the record is evaluated
    Then "severe-depression-first-line" is <stop>

    Examples:
      | care        | stop          |
      | active      | not indicated |
      | awaited     | offered       |
      | not offered | offered       |

  Scenario: whether treatment is active has to be known
    Given a healthy adult
    And the PHQ-9 is "17"
    And the first-line care is not known
    When the record is evaluated
    Then "severe-depression-first-line" is withheld

  Scenario: where it cannot be decided the trials are not offered either
    Given an adult with mild to moderate depression who declined first-line care
    And the PHQ-9 is not known
    When the record is evaluated
    Then "severe-depression-first-line" is withheld
    And "supplement-alone" is withheld
    And "trial-dose" is withheld

  Scenario: whoever takes an antidepressant is treated, though care was declined
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 is "16"
    And the first-line care is "declined"
    When the record is evaluated
    Then "severe-depression-first-line" is not indicated
