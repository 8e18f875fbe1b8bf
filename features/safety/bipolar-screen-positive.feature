Feature: Positive bipolar screen, not yet followed up
  A positive screen holds back a trial until it is followed up, however old it is. A screen never done holds nothing
  back; bipolar-not-assessed names it.
  Evidence: tarleton-2017-exclusions

  Scenario Outline: the result of the screen decides
    Given an adult with mild to moderate depression on a stable antidepressant
    And the bipolar screen is "<screen>"
    When the record is evaluated
    Then "bipolar-screen-positive" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | screen                              | stop          | trial      |
      | negative                            | not indicated | offered    |
      | positive                            | offered       | suppressed |
      | positive, bipolar disorder excluded | not indicated | offered    |

  Scenario: a positive screen does not lapse
    Given an adult with mild to moderate depression on a stable antidepressant
    And the bipolar screen is "positive" from 800 days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "bipolar-screen-positive"

  Scenario: a screen never done lets a trial pass and is asked for
    Given an adult with mild to moderate depression on a stable antidepressant
    And the bipolar screen is not known
    When the record is evaluated
    Then "bipolar-screen-positive" is withheld for want of "bipolar screen"
    And "bipolar-not-assessed" is offered
    And "supplement-alongside-therapy" is offered
    And the text of "supplement-alongside-therapy" says "bipolar disorder needs to have been considered"
