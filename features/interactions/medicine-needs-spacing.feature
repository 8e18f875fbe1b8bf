Feature: A medicine to be kept apart from magnesium
  Magnesium can lower the uptake of many medicines; labels ask for 2 to 4 hours between. It holds nothing back: whether a day has
  room for the hours is for the schedule check.
  Evidence: emc-12118-smpc, emc-4841-smpc, emc-4880-smpc; against: tarleton-2017-exclusions

  Scenario Outline: it speaks and holds nothing back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "medicine-needs-spacing" is <spacing>
    And "supplement-alongside-therapy" is offered
    And "trial-dose" is offered

    Examples:
      | medicine        | spacing       |
      | levothyroxine   | offered       |
      | alendronate     | offered       |
      | ferrous sulfate | offered       |
      | nitrofurantoin  | offered       |
      | mycophenolate   | offered       |
      | gabapentin      | offered       |
      | phenytoin       | offered       |
      | penicillamine   | offered       |
      | eltrombopag     | offered       |
      | sulpiride       | offered       |
      | paracetamol     | not indicated |

  Scenario: trientine is named here and held back by the rule for agreement
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "trientine" since 400 days ago
    When the record is evaluated
    Then "medicine-needs-spacing" is offered
    And "supplement-alongside-therapy" is suppressed by "medicine-needs-signoff"

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient takes "levothyroxine" since 400 days ago
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "medicine-needs-spacing" is offered
    And the text of "medicine-needs-spacing" says "2 to 4 hours"
    And the text of "medicine-needs-spacing" says "mgcds schedule"
    And the text of "medicine-needs-spacing" says "the other medicine stays as it is"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient takes "levothyroxine" since 400 days ago
    When the record is evaluated
    Then "medicine-needs-spacing" is not indicated

  Scenario: without a medicine list it cannot be excluded
    Given an adult with mild to moderate depression who declined first-line care
    And the medicine list is not known
    When the record is evaluated
    Then "medicine-needs-spacing" is withheld for want of "medicine list"
