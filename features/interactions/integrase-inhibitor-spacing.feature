Feature: Dolutegravir: keep magnesium apart
  Taken together magnesium takes away most of dolutegravir. Hours between the two are enough: it holds nothing back, and names the
  longer interval of dolutegravir with rilpivirine. The schedule check says whether a day has room for it.
  Evidence: pmc3940684-dolutegravir, guide-therapeutique-vih; against: tarleton-2017-exclusions

  Scenario Outline: it speaks and holds nothing back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "integrase-inhibitor-spacing" is <spacing>
    And "integrase-inhibitor-unspaced" is not indicated
    And "supplement-alongside-therapy" is offered
    And "trial-dose" is offered

    Examples:
      | medicine     | spacing       |
      | dolutegravir | offered       |
      | Triumeq      | offered       |
      | Juluca       | offered       |
      | paracetamol  | not indicated |

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient takes "Tivicay" since 400 days ago
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "integrase-inhibitor-spacing" is offered
    And the text of "integrase-inhibitor-spacing" says "2 hours before or 6 hours after"
    And the text of "integrase-inhibitor-spacing" says "4 hours before or 6 hours after"
    And the text of "integrase-inhibitor-spacing" says "leaving magnesium out"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient takes "dolutegravir" since 400 days ago
    When the record is evaluated
    Then "integrase-inhibitor-spacing" is not indicated

  Scenario: without a medicine list it cannot be excluded
    Given an adult with mild to moderate depression who declined first-line care
    And the medicine list is not known
    When the record is evaluated
    Then "integrase-inhibitor-spacing" is withheld for want of "medicine list"

  Scenario: another integrase inhibitor has its own rule
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "raltegravir" since 400 days ago
    When the record is evaluated
    Then "integrase-inhibitor-spacing" is not indicated
