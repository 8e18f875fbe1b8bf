Feature: What is missing comes first
  Suggestions that ask for data are never offered beside a trial that waits for them, nor where the data are there.
  Evidence: clinical brief 8.1 and 8.2

  Scenario Outline: a trial waits for what is asked for
    Given any patient
    When the record is evaluated
    Then "<asked>" and "<trial>" are never offered together

    Examples:
      | asked                             | trial                        |
      | measure-magnesium-first           | supplement-alone             |
      | measure-magnesium-first           | supplement-alongside-therapy |
      | measure-magnesium-first           | trial-dose                   |
      | recent-kidney-function            | supplement-alone             |
      | recent-kidney-function            | supplement-alongside-therapy |
      | recent-kidney-function            | trial-dose                   |
      | recent-kidney-function            | replete-low-magnesium        |
      | high-magnesium-not-rechecked      | supplement-alone             |
      | high-magnesium-not-rechecked      | supplement-alongside-therapy |
      | high-magnesium-not-rechecked      | trial-dose                   |
      | low-kidney-function-not-rechecked | supplement-alone             |
      | low-kidney-function-not-rechecked | supplement-alongside-therapy |
      | low-kidney-function-not-rechecked | trial-dose                   |
      | low-kidney-function-not-rechecked | replete-low-magnesium        |

  Scenario: who has a usable magnesium is not asked for another sample
    Given any patient
    And the serum magnesium is at least "0.15 mmol/L"
    When the record is evaluated
    Then "magnesium-result-not-usable" is not offered
    And "high-magnesium-not-rechecked" is not offered

  Scenario: a whole PHQ-9 is not asked for again
    Given any patient
    And the PHQ-9 is at least "0"
    And the PHQ-9 item 9 is at least "0"
    When the record is evaluated
    Then "phq9-incomplete" is not offered
