Feature: No magnesium where it may harm
  Each scenario here speaks of every possible patient, unknown and out-of-date values included, and is proved. A trial of
  magnesium, its dose, and repletion for a low value are the suggestions of kind consider and dose.
  Evidence: clinical brief 8.1, 8.3 and 8.4; each rule's own

  Scenario Outline: kidneys that are known to be impaired, or not known
    Given any patient
    And the eGFR is below "<limit>"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

    Examples:
      | limit             |
      | 30 mL/min/1.73m2  |
      | 60 mL/min/1.73m2  |

  Scenario Outline: what a trial cannot be offered without
    Given any patient
    And the <item> is not known
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

    Examples:
      | item          |
      | eGFR          |
      | PHQ-9         |
      | PHQ-9 item 9  |
      | age           |
      | medicine list |
      | problem list  |
