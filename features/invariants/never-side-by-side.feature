Feature: Suggestions that no patient is ever offered side by side
  Evidence: clinical brief 8.1 (response cells partition fully, conflict order) and the boundaries of section 8

  Scenario Outline: one answer to one question
    Given any patient
    When the record is evaluated
    Then "<one>" and "<other>" are never offered together

    Examples:
      | one                     | other                        |
      | supplement-alone        | supplement-alongside-therapy |
      | supplement-alone        | replete-low-magnesium        |
      | replete-low-magnesium   | supplement-alongside-therapy |
      | trial-dose              | replete-low-magnesium        |
      | trial-response          | trial-partial-response       |
      | trial-response          | trial-no-response            |
      | trial-partial-response  | trial-no-response            |
      | worsening-on-magnesium  | trial-response               |
      | worsening-on-magnesium  | trial-partial-response       |
      | worsening-on-magnesium  | trial-no-response            |
      | trial-overdue           | trial-no-response            |
      | trial-overdue           | week-six-review              |
      | trial-overdue           | beyond-twelve-weeks          |
      | severe-renal-impairment | trial-dose                   |
      | confirm-low-magnesium   | replete-low-magnesium        |

  Scenario Outline: who takes magnesium already is not offered to begin it
    Given any patient
    And the patient takes a medicine of "magnesium_product"
    When the record is evaluated
    Then "<suggestion>" is not offered

    Examples:
      | suggestion                   |
      | supplement-alone             |
      | supplement-alongside-therapy |
      | trial-dose                   |
      | replete-low-magnesium        |
