Feature: A medicine that needs agreement before magnesium
  Digoxin, potassium-sparing diuretics, calcium-channel blockers, lithium, opioids, trientine and aminoglycosides hold back
  the default trial until the prescriber or a pharmacist agrees.
  Evidence: tarleton-2017-exclusions, emc-4880-smpc

  Scenario Outline: each of them holds back the default trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is <interaction>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | medicine       | interaction   | trial      |
      | digoxin        | offered       | suppressed |
      | spironolactone | offered       | suppressed |
      | amlodipine     | offered       | suppressed |
      | Priadel        | offered       | suppressed |
      | tramadol       | offered       | suppressed |
      | trientine      | offered       | suppressed |
      | amikacin       | offered       | suppressed |
      | paracetamol    | not indicated | offered    |

  Scenario: lithium is not to be stopped or changed
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "lithium" since 400 days ago
    When the record is evaluated
    Then the text of "medicine-needs-signoff" says "could be discussed with the prescriber"
    And the text of "medicine-needs-signoff" never says "stop"

  Scenario: a medicine nobody can recognise might be one of them
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "Qqzzorvex drops" since 10 days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is withheld for want of "medicine list"
    And "supplement-alongside-therapy" is withheld for want of "medicine list"
    And "not recognised" is reported as a data problem of the medicine list

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient takes "digoxin" since 400 days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is not indicated

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient takes "digoxin" since 400 days ago
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is offered
