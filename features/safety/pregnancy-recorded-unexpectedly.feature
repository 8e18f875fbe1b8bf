Feature: Pregnancy recorded with an unexpected sex or age
  Pregnancy is asked only where it is likely, but an entry that is there counts: it holds back a trial until the record
  is made clear.
  Evidence: tarleton-2017-exclusions (proposal)

  Scenario Outline: an entry counts whatever sex or age is recorded
    Given an adult with mild to moderate depression on a stable antidepressant
    And the sex is "<sex>"
    And the age is "<age>"
    And the pregnancy is "<pregnancy>"
    When the record is evaluated
    Then "pregnancy-recorded-unexpectedly" is <stop>
    And "pregnancy" is <usual>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | sex    | age | pregnancy    | stop          | usual         | trial      |
      | male   | 40  | pregnant     | offered       | not indicated | suppressed |
      | female | 56  | lactating    | offered       | not indicated | suppressed |
      | female | 57  | lactating    | offered       | not indicated | suppressed |
      | female | 55  | pregnant     | not indicated | offered       | suppressed |
      | male   | 40  | not pregnant | not indicated | not indicated | offered    |

  Scenario Outline: the ages 12 to 55 belong to the usual rule
    Given a healthy adult
    And the age is "<age>"
    And the pregnancy is "pregnant"
    When the record is evaluated
    Then "pregnancy" is <usual>
    And "pregnancy-recorded-unexpectedly" is <unexpected>

    Examples:
      | age | usual         | unexpected    |
      | 11  | not indicated | offered       |
      | 12  | offered       | not indicated |
      | 13  | offered       | not indicated |

  Scenario: a man is not asked
    Given an adult with mild to moderate depression on a stable antidepressant
    And the sex is "male"
    And the pregnancy is not known
    When the record is evaluated
    Then "pregnancy-recorded-unexpectedly" is withheld for want of "pregnancy"
    And "supplement-alongside-therapy" is offered

  Scenario: pregnancy of a person recorded as of other sex is expected
    Given a healthy adult
    And the sex is "other"
    And the pregnancy is "pregnant"
    When the record is evaluated
    Then "pregnancy-recorded-unexpectedly" is not indicated
    And "pregnancy" is offered
