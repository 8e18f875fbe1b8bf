Feature: Bipolar disorder
  The trial behind the default dose excluded people treated for bipolar disorder; no trial of magnesium is put forward.
  Evidence: tarleton-2017-exclusions

  Scenario Outline: known or suspected bipolar disorder holds back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "bipolar-disorder" is <stop>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | diagnosis                  | stop          | trial      |
      | bipolar II disorder        | offered       | suppressed |
      | suspected bipolar disorder | offered       | suppressed |
      | hypomania                  | offered       | suppressed |
      | hypertension               | not indicated | offered    |

  Scenario: a negative screen does not outweigh the diagnosis
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "bipolar disorder"
    And the bipolar screen is "negative"
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "bipolar-disorder"

  Scenario: without a problem list it cannot be excluded
    Given an adult with mild to moderate depression on a stable antidepressant
    And the problem list is not known
    When the record is evaluated
    Then "bipolar-disorder" is withheld for want of "problem list"
    And "supplement-alongside-therapy" is withheld for want of "problem list"

  Scenario: the work-up of a low magnesium goes on
    Given a healthy adult
    And the patient has "bipolar disorder"
    And the serum magnesium is "0.62 mmol/L"
    When the record is evaluated
    Then "confirm-low-magnesium" is offered
