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

  Scenario Outline: only where magnesium is in question: a trial alone
    Given a healthy adult
    And the serum magnesium is "0.85 mmol/L"
    And the patient takes "digoxin" since 400 days ago
    And the PHQ-9 is "<score>"
    And the first-line care is "<care>"
    When the record is evaluated
    Then "medicine-needs-signoff" is <interaction>

    Examples:
      | score | care        | interaction   |
      | 4     | declined    | not indicated |
      | 5     | declined    | offered       |
      | 15    | declined    | offered       |
      | 16    | declined    | not indicated |
      | 10    | awaited     | offered       |
      | 10    | not offered | not indicated |
      | 10    | active      | not indicated |

  Scenario Outline: only where magnesium is in question: an antidepressant
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.85 mmol/L"
    And the patient takes "digoxin" since 400 days ago
    And the PHQ-9 is "<score>"
    When the record is evaluated
    Then "medicine-needs-signoff" is <interaction>

    Examples:
      | score | interaction   |
      | 4     | not indicated |
      | 5     | offered       |
      | 19    | offered       |
      | 20    | not indicated |

  Scenario Outline: only where magnesium is in question: psychotherapy of 60 days that goes on
    Given a healthy adult
    And the serum magnesium is "0.85 mmol/L"
    And the patient takes "digoxin" since 400 days ago
    And the PHQ-9 is "16"
    And the first-line care is "<care>"
    And the patient receives "psychotherapy" since <days> days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is <interaction>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | care        | days | interaction   | trial         |
      | active      | 59   | not indicated | not indicated |
      | active      | 60   | offered       | suppressed    |
      | declined    | 100  | not indicated | not indicated |
      | awaited     | 100  | not indicated | not indicated |
      | not offered | 100  | not indicated | not indicated |

  Scenario: another medicine that lowers magnesium needs no sign-off
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "cisplatin" since 30 days ago
    When the record is evaluated
    Then "medicine-needs-signoff" is not indicated
