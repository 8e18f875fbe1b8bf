Feature: Bipolar disorder not assessed
  With depressive symptoms and no screen of the last year, asking about mania may be considered. It asks; it holds nothing
  back.
  Evidence: tarleton-2017-exclusions (proposal)

  Scenario Outline: a screen is current for 365 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the bipolar screen is "negative" from <days> days ago
    When the record is evaluated
    Then "bipolar-not-assessed" is <workup>
    And "supplement-alongside-therapy" is offered

    Examples:
      | days | workup        |
      | 365  | not indicated |
      | 366  | offered       |

  Scenario Outline: from a PHQ-9 of 5
    Given a healthy adult
    And the bipolar screen is not known
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "bipolar-not-assessed" is <workup>

    Examples:
      | phq9 | workup        |
      | 4    | not indicated |
      | 5    | offered       |
      | 6    | offered       |

  Scenario: who is diagnosed needs no screen
    Given a healthy adult
    And the PHQ-9 is "12"
    And the bipolar screen is not known
    And the patient has "bipolar disorder"
    When the record is evaluated
    Then "bipolar-not-assessed" is not indicated

  Scenario: without a PHQ-9 it is withheld
    Given a healthy adult
    And the bipolar screen is not known
    And the PHQ-9 is not known
    When the record is evaluated
    Then "bipolar-not-assessed" is withheld for want of "PHQ-9"
