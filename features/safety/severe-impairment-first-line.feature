Feature: 'Extremely difficult' without treatment: first-line treatment first
  The question beside the PHQ-9, answered with "extremely difficult", holds back magnesium on its own; beside an active treatment it
  does not. The question is often left out: no answer lets pass.
  Evidence: nice-ng222, tarleton-2017; against: none

  Scenario Outline: only the highest answer
    Given an adult with mild to moderate depression who declined first-line care
    And the functional difficulty is "<difficulty>"
    When the record is evaluated
    Then "severe-impairment-first-line" is <stop>
    And "supplement-alone" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | difficulty           | stop          | trial      |
      | not difficult at all | not indicated | offered    |
      | somewhat difficult   | not indicated | offered    |
      | very difficult       | not indicated | offered    |
      | extremely difficult  | offered       | suppressed |

  Scenario: beside an active treatment a trial alongside may stand
    Given an adult with mild to moderate depression on a stable antidepressant
    And the functional difficulty is "extremely difficult"
    When the record is evaluated
    Then "severe-impairment-first-line" is not indicated
    And "supplement-alongside-therapy" is offered
    And "trial-dose" is offered

  Scenario Outline: where first-line care stands decides
    Given a healthy adult
    And the PHQ-9 is "17"
    And the functional difficulty is "extremely difficult"
    And the first-line care is "<care>"
    When the record is evaluated
    Then "severe-impairment-first-line" is <stop>

    Examples:
      | care        | stop          |
      | active      | not indicated |
      | awaited     | offered       |
      | declined    | offered       |
      | not offered | offered       |

  Scenario: an answer nobody gave does not hold back a trial
    Given an adult with mild to moderate depression who declined first-line care
    And the functional difficulty is not known
    When the record is evaluated
    Then "severe-impairment-first-line" is withheld for want of "functional difficulty"
    And "supplement-alone" is offered

  Scenario Outline: an answer is current for 14 days
    Given an adult with mild to moderate depression who declined first-line care
    And the functional difficulty is "extremely difficult" from <days> days ago
    When the record is evaluated
    Then "severe-impairment-first-line" is <stop>
    And "supplement-alone" is <trial>

    Examples:
      | days | stop     | trial      |
      | 14   | offered  | suppressed |
      | 15   | withheld | offered    |

  Scenario: what its text says
    Given an adult with mild to moderate depression who declined first-line care
    And the functional difficulty is "extremely difficult"
    When the record is evaluated
    Then the text of "severe-impairment-first-line" says "could be offered again"
    And the text of "severe-impairment-first-line" never says "must"

  Scenario Outline: with depressive symptoms, from a PHQ-9 of 5
    Given an adult with mild to moderate depression who declined first-line care
    And the functional difficulty is "extremely difficult"
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "severe-impairment-first-line" is <stop>

    Examples:
      | phq9 | stop          |
      | 4    | not indicated |
      | 5    | offered       |
      | 6    | offered       |

  Scenario: whoever takes an antidepressant is treated, though care was declined
    Given an adult with mild to moderate depression on a stable antidepressant
    And the functional difficulty is "extremely difficult"
    And the first-line care is "declined"
    When the record is evaluated
    Then "severe-impairment-first-line" is not indicated
