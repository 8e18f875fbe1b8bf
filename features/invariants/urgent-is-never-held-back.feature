Feature: What is urgent, and what stops magnesium, is never held back
  Whoever is assessed, whatever else is known or not: no other suggestion, no age and no missing value silences these.
  Evidence: clinical brief 8.1

  Scenario: urgent suggestions
    Given any patient
    When the record is evaluated
    Then every suggestion of kind "urgent" that is met is offered

  Scenario: stops
    Given any patient
    When the record is evaluated
    Then every suggestion of kind "stop" that is met is offered

  Scenario Outline: in adults no stop suppresses work-up, nor what is said of QT
    Given any patient
    And the age is at least "18 years"
    When the record is evaluated
    Then "<suggestion>" is not suppressed

    Examples:
      | suggestion                    |
      | confirm-low-magnesium         |
      | depletion-without-magnesium   |
      | ppi-without-magnesium         |
      | qt-drug-low-magnesium         |
      | perinatal-depression          |
      | monitor-serum-magnesium       |

  Scenario: the medicine list is asked for whatever the age
    Given any patient
    And the medicine list is not known
    When the record is evaluated
    Then "medicine-list-not-reconciled" is offered
