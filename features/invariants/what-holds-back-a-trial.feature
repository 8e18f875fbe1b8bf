Feature: What holds back a trial
  Each scenario here speaks of every possible patient and is proved: no combination of other data lets a trial through.
  Evidence: clinical brief SS-07, IX-01, IX-02, IX-04 and 8.3; each rule's own

  Scenario Outline: diagnoses
    Given any patient
    And the patient has a diagnosis of "<diagnosis>"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

    Examples:
      | diagnosis                  |
      | magnesium_contraindication |
      | inflammatory_bowel_flare   |
      | diarrhoea_or_dehydration   |
      | eating_disorder            |
      | refeeding_risk             |
      | alcohol_use_disorder       |
      | psychosis_or_catatonia     |
      | bipolar_disorder           |

  Scenario Outline: diagnoses that hold back the trials for mood
    Given any patient
    And the patient has a diagnosis of "bowel_disease"
    When the record is evaluated
    Then "<suggestion>" is not offered

    Examples:
      | suggestion                   |
      | supplement-alone             |
      | supplement-alongside-therapy |
      | trial-dose                   |

  Scenario Outline: medicines
    Given any patient
    And the patient takes a medicine of "<medicine>"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

    Examples:
      | medicine                   |
      | fluoroquinolone            |
      | tetracycline               |
      | other_integrase_inhibitor  |
      | digoxin                    |
      | potassium_sparing_diuretic |
      | calcium_channel_blocker    |
      | lithium                    |
      | opioid                     |
      | trientine                  |
      | aminoglycoside             |

  Scenario: a symptom
    Given any patient
    And the patient reports a symptom of "diarrhoea_or_dehydration_symptom"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: a body mass index below 16
    Given any patient
    And the body mass index is below "16 kg/m2"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: a critically high magnesium
    Given any patient
    And the serum magnesium is above "1.24 mmol/L"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: everyday life extremely difficult without treatment
    Given any patient
    And the functional difficulty is "extremely difficult"
    When the record is evaluated
    Then "supplement-alone" is not offered
