@library
Feature: Every step of the library, once at least

  Scenario: who it is
    Given today is 2027-03-01
    And a healthy adult
    When the record is evaluated
    Then "severe-renal-impairment" is not indicated

  Scenario: nothing is known
    Given a patient of whom nothing is known
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld

  Scenario: on treatment
    Given an adult with mild to moderate depression on a stable antidepressant
    When the record is evaluated
    Then "supplement-alongside-therapy" is offered
    And the text of "supplement-alongside-therapy" says "week 6 for judging the trial"
    And the text of "supplement-alongside-therapy" never says "must"

  Scenario: care declined
    Given an adult with mild to moderate depression who declined first-line care
    And the patient takes "omeprazole"
    And the patient takes "paracetamol" since 1 day ago
    And the patient stopped "ibuprofen" 3 days ago
    When the record is evaluated
    Then "supplement-alone" is withheld

  Scenario: a stop
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is "25 mL/min/1.73m2" from 20 days ago
    When the record is evaluated
    Then "severe-renal-impairment" is offered
    And "supplement-alongside-therapy" is suppressed
    And "supplement-alongside-therapy" is suppressed by "severe-renal-impairment"
    And no suggestion of kind "consider" is offered

  Scenario: a value that is not known
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "eGFR"

  Scenario: lists
    Given a healthy adult
    And the symptoms are not known
    And the medicine list was reviewed 31 days ago
    And the symptoms were reviewed 2 days ago
    And the patient has "myasthenia gravis"
    And the patient reports "weakness"
    When the record is evaluated
    Then "magnesium-contraindicated" is offered
    And "medicine-list-not-reconciled" is offered

  Scenario: a supplement
    Given a healthy adult
    And the patient takes "magnesium oxide" with "500 mg salt of MgO" a day since 3 days ago
    When the record is evaluated
    Then "dose-above-limit" is offered

  Scenario: the limits of a place
    Given a healthy adult
    And the limits are those of "us, uk"
    And the patient takes "magnesium citrate" with "351 mg elemental" a day since 3 days ago
    When the record is evaluated
    Then "dose-above-limit" is offered
    And the explanation of "dose-above-limit" says "above 350 mg/d"

  Scenario: an estimate and how it was made
    Given a healthy adult
    And the dietary magnesium is "240 mg/d" by "diary"
    When the record is evaluated
    Then nothing is offered but "low-dietary-magnesium"

  Scenario: a treatment that is no medicine, and an operation to come
    Given a healthy adult
    And the PHQ-9 is "12"
    And the patient receives "psychotherapy" since 100 days ago
    And the patient has an operation planned in 7 days
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "planned-surgery"

  Scenario: the laboratory's own limits
    Given a healthy adult
    And the serum magnesium is "0.72 mmol/L" with laboratory limits "0.75 mmol/L" to "0.95 mmol/L"
    When the record is evaluated
    Then nothing is offered but "confirm-low-magnesium"

  Scenario: an earlier value
    Given a healthy adult
    And the PHQ-9 was "12" 45 days ago
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    When the record is evaluated
    Then "trial-response" is offered

  Scenario Outline: specimens
    Given a healthy adult
    And the serum magnesium is "0.90 mmol/L" from <specimen> specimen
    When the record is evaluated
    Then "repeat it" is reported as a data problem of the serum magnesium

    Examples:
      | specimen     |
      | a haemolysed |
      | an edta      |

  Scenario: the rhythm an interval of the ECG was measured in
    Given a healthy adult
    And the QTc is "440 ms" from an ECG with bundle branch block
    When the record is evaluated
    Then "repeat it" is reported as a data problem of the QTc

  Scenario: an item without its unit
    Given a healthy adult
    And the serum magnesium is "2.0"
    When the record is evaluated
    Then "no unit" is reported as a data problem of the serum magnesium

  Scenario: a PHQ-9 answer by answer
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, 0" from 3 days ago
    And the PHQ-9 answers are "1, 2, 0, 3, 1, 1, 0, 2, -"
    When the record is evaluated
    Then "phq9-incomplete" is offered

  Scenario: earlier values, and what cannot be used
    Given a healthy adult
    And the PHQ-9 is "6"
    And the PHQ-9 was "12" 50 days ago
    And the serum magnesium was reported 3 days ago and cannot be used
    And the patient has "lithium" on hold
    And it is not known when the problem list was reviewed
    When the record is evaluated
    Then "confirm-low-magnesium" is not offered
    And "bipolar-disorder" is not suppressed
    And "magnesium-result-not-usable" is not withheld
    And every suggestion of kind "urgent" that is met is offered
    And "supplement-alone" and "supplement-alongside-therapy" are never offered together

  Scenario: what is known in part, and a kind
    Given a healthy adult
    And the patient was born in "1986"
    And the patient may still have "bipolar disorder"
    When the record is evaluated
    Then "bipolar-disorder" is withheld
    And "bipolar-disorder" is of kind "stop"

  Scenario: of any patient
    Given any patient
    And the eGFR is at least "30 mL/min/1.73m2"
    And the eGFR is below "60 mL/min/1.73m2"
    And the age is above "17"
    And the PHQ-9 is at most "19"
    And the patient takes a medicine of "antidepressant"
    And the patient receives a treatment of "psychotherapy"
    And the patient has a diagnosis of "suicidality"
    And the patient reports a symptom of "hypermagnesaemia_symptom"
    When the record is evaluated
    Then "moderate-renal-impairment" is offered
