Feature: Eating disorder, risk of refeeding or a BMI below 16
  Here magnesium, potassium and phosphate belong to a specialist nutrition team; no supplement for mood. A BMI nobody measured lets
  pass, the problem list has to be known.
  Evidence: nhs-highland-hypomagnesaemia; against: none

  Scenario Outline: a body mass index below 16
    Given an adult with mild to moderate depression on a stable antidepressant
    And the body mass index is "<bmi>"
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | bmi        | stop          | trial      |
      | 15.9 kg/m2 | offered       | suppressed |
      | 16 kg/m2   | not indicated | offered    |
      | 16.1 kg/m2 | not indicated | offered    |

  Scenario Outline: diagnoses
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is <stop>
    And "supplement-alone" is <trial>

    Examples:
      | diagnosis                       | stop     | trial      |
      | anorexia nervosa                | offered  | suppressed |
      | bulimia nervosa                 | offered  | suppressed |
      | laxative misuse                 | offered  | suppressed |
      | at risk of refeeding syndrome   | offered  | suppressed |
      | severe malnutrition             | offered  | suppressed |
      | anorexia nervosa in remission   | withheld | offered    |
      | family history of bulimia       | withheld | offered    |
      | obesity                         | withheld | offered    |

  Scenario: a body mass index nobody measured does not hold back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the body mass index is not known
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is withheld for want of "body mass index"
    And "supplement-alongside-therapy" is offered

  Scenario Outline: a low body mass index holds back for a year, another one is current for 180 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the body mass index is "<bmi>" from <days> days ago
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is <stop>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | bmi        | days | stop          | trial      |
      | 15 kg/m2   | 180  | offered       | suppressed |
      | 15 kg/m2   | 181  | offered       | suppressed |
      | 15.9 kg/m2 | 365  | offered       | suppressed |
      | 15.9 kg/m2 | 366  | withheld      | offered    |
      | 16 kg/m2   | 180  | not indicated | offered    |
      | 16 kg/m2   | 181  | withheld      | offered    |

  Scenario: the work-up of a low magnesium is not held back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "anorexia nervosa"
    And the serum magnesium is "0.60 mmol/L"
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is offered
    And "confirm-low-magnesium" is offered

  Scenario: what its text says
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "bulimia nervosa"
    When the record is evaluated
    Then the text of "eating-disorder-or-refeeding" says "potassium and phosphate"
    And the text of "eating-disorder-or-refeeding" says "specialist nutrition team"
    And the text of "eating-disorder-or-refeeding" says "low or, with laxatives that contain it, high"
    And the text of "eating-disorder-or-refeeding" never says "must"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient has "anorexia nervosa"
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is not indicated

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient has "anorexia nervosa"
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "eating-disorder-or-refeeding" is offered
