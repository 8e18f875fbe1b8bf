Feature: Medicine list missing, out of date or not understood
  Interactions and duplicate magnesium hide in lists nobody reviewed. What needs the list is withheld; this rule asks for it.
  Evidence: emc-4841-smpc (proposal)

  Scenario Outline: a list is current for 30 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the medicine list was reviewed <days> days ago
    When the record is evaluated
    Then "medicine-list-not-reconciled" is <defer>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | days | defer         | trial    |
      | 0    | not indicated | offered  |
      | 30   | not indicated | offered  |
      | 31   | offered       | withheld |

  Scenario: no list is not an empty list
    Given an adult with mild to moderate depression who declined first-line care
    And the medicine list is not known
    When the record is evaluated
    Then "medicine-list-not-reconciled" is offered
    And "supplement-alone" is withheld for want of "medicine list"

  Scenario: an entry nobody recognises leaves the list open
    Given an adult with mild to moderate depression who declined first-line care
    And the patient takes "Qqzzorvex drops" since 10 days ago
    When the record is evaluated
    Then "medicine-list-not-reconciled" is offered
    And "not recognised" is reported as a data problem of the medicine list
    And "supplement-alone" is withheld for want of "medicine list"

  Scenario: a medicine that is already known to interact counts even in an old list
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "digoxin" since 300 days ago
    And the medicine list was reviewed 60 days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is offered
    And "supplement-alongside-therapy" is suppressed by "medicine-needs-signoff"
