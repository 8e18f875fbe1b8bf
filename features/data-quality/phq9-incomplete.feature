Feature: A PHQ-9 that is incomplete or contradicts itself
  One or two missing items leave a range of totals, three or more leave none, and item 9 is never made up from the others.
  Evidence: simon-2013, louzon-2016 (proposal)

  Scenario: a complete PHQ-9 asks for nothing
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, 0"
    When the record is evaluated
    Then "phq9-incomplete" is not indicated
    And "supplement-alongside-therapy" is offered

  Scenario: no PHQ-9 at all is asked for by what needs it, not here
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 is not known
    And the PHQ-9 item 9 is not known
    When the record is evaluated
    Then "phq9-incomplete" is not indicated
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9, PHQ-9 item 9"

  Scenario: item 9 unanswered
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, -"
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And the text of "phq9-incomplete" says "never filled in from the other answers"
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9 item 9"
    And "item 9 is unanswered" is reported as a data problem of the PHQ-9 item 9
    And "the total is 10 to 13" is reported as a data problem of the PHQ-9

  Scenario: a total alone, without item 9
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is not known
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9 item 9"

  Scenario: an older item 9 of "not at all" does not stand in for the missing one
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, 0" from 7 days ago
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, ?"
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And "suicide-risk" is withheld for want of "PHQ-9 item 9"
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9 item 9"

  Scenario: an older item 9 that was positive stays in force
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, 1" from 7 days ago
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, -"
    When the record is evaluated
    Then "suicide-risk" is offered
    And "supplement-alongside-therapy" is suppressed by "suicide-risk"
    And "still counts" is reported as a data problem of the PHQ-9 item 9

  Scenario: item 9 asked on the same day completes the form
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, -"
    And the PHQ-9 item 9 is "0"
    When the record is evaluated
    Then "phq9-incomplete" is not indicated
    And "supplement-alongside-therapy" is offered
    And "still counts" is reported as a data problem of the PHQ-9 item 9

  Scenario Outline: missing items leave a range, and a limit within it is not decided
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "<answers>"
    When the record is evaluated
    Then "phq9-incomplete" is not indicated
    And "severe-depression-first-line" is <severe>
    And "supplement-alongside-therapy" is <trial>
    And "<range>" is reported as a data problem of the PHQ-9

    Examples: sums by hand; the trial reaches from 5 to 19, the stop begins at 20
      | answers                   | severe        | trial        | range                      |
      | 1, 2, 0, 3, 1, 1, -, 2, 0 | not indicated | offered      | the total is 10 to 13      |
      | 3, 3, 3, 3, 2, 2, -, 0, 0 | not indicated | offered      | the total is 16 to 19      |
      | 3, 3, 3, 3, 3, 2, -, 0, 0 | withheld      | withheld     | the total is 17 to 20      |
      | 3, 3, 3, 3, 2, -, -, 0, 0 | withheld      | withheld     | the total is 14 to 20      |
      | 3, 3, 3, 3, 3, 3, -, 2, 0 | offered       | not indicated | the total is 20 to 23     |
      | 1, 1, 1, 1, 0, 0, -, 0, 0 | not indicated | withheld     | the total is 4 to 7        |
      | 1, 0, 0, 0, 0, 0, -, 0, 0 | not indicated | not indicated | the total is 1 to 4       |
      | 3, 3, 3, 2, 0, -, -, 0, 0 | not indicated | offered      | (prorated 14.1)            |

  Scenario Outline: three or more missing items leave no total
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "<answers>"
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And "supplement-alongside-therapy" is withheld for want of "<missing>"
    And "items are unanswered, so there is no total" is reported as a data problem of the PHQ-9

    Examples:
      | answers                   | missing               |
      | -, -, -, 3, 1, 1, 2, 2, 0 | PHQ-9                 |
      | -, -, 2, 3, 1, 1, 2, 2, - | PHQ-9, PHQ-9 item 9   |
      | -, -, -, -, -, -, -, -, - | PHQ-9, PHQ-9 item 9   |

  Scenario: without a total, item 9 is still heard
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "-, -, -, -, -, -, -, -, 1"
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And "suicide-risk" is offered

  Scenario: an answer that the form does not have
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 4, 3, 1, 1, 0, 2, 0"
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9"
    And "item 3 is 4, not 0, 1, 2 or 3" is reported as a data problem of the PHQ-9

  Scenario: a total that is no whole number
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 is "12.5"
    When the record is evaluated
    Then "phq9-incomplete" is offered
    And the text of "phq9-incomplete" says "not a whole number"
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9"

  Scenario Outline: an incomplete form that would be too old anyway asks for nothing
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "-, -, -, 3, 1, 1, 2, 2, -" from <days> days ago
    When the record is evaluated
    Then "phq9-incomplete" is <asked>

    Examples: a PHQ-9 is current for 14 days
      | days | asked         |
      | 14   | offered       |
      | 15   | not indicated |

  Scenario: an item 9 that is out of date beside a total that is not
    Given a healthy adult
    And the PHQ-9 item 9 is "0" from 15 days ago
    When the record is evaluated
    Then "phq9-incomplete" is offered

  Scenario: an item 9 that cannot be used and no total
    Given a healthy adult
    And the PHQ-9 is not known
    And the PHQ-9 item 9 was reported 0 days ago and cannot be used
    When the record is evaluated
    Then "phq9-incomplete" is offered
