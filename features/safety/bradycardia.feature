Feature: Slow heart rate without a pacemaker
  Labels of magnesium name disorders of cardiac conduction with bradycardia as a contraindication. Below 50 a minute, or with a
  bradycardia on the problem list, no trial is put forward unless a pacemaker is in place. A heart rate nobody measured lets pass.
  Evidence: magnaspartate-smpc, oddb-53890-label; against: none

  Scenario Outline: below 50 a minute
    Given an adult with mild to moderate depression on a stable antidepressant
    And the heart rate is "<rate>"
    When the record is evaluated
    Then "bradycardia" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | rate    | stop          | trial      |
      | 49 /min | offered       | suppressed |
      | 50 /min | not indicated | offered    |
      | 51 /min | not indicated | offered    |

  Scenario Outline: a diagnosis counts without a heart rate
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "bradycardia" is <stop>
    And "supplement-alone" is <trial>

    Examples:
      | diagnosis                           | stop     | trial      |
      | sick sinus syndrome                 | offered  | suppressed |
      | sinus bradycardia                   | offered  | suppressed |
      | atrial fibrillation                 | withheld | offered    |
      | family history of sick sinus syndrome | withheld | offered  |

  Scenario Outline: only a pacemaker in place lifts it
    Given an adult with mild to moderate depression on a stable antidepressant
    And the heart rate is "45 /min"
    And the patient has "<device>"
    When the record is evaluated
    Then "bradycardia" is <stop>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | device                               | stop          | trial      |
      | cardiac pacemaker in situ            | not indicated | offered    |
      | dual chamber pacemaker               | not indicated | offered    |
      | pacemaker planned                    | offered       | suppressed |
      | awaiting pacemaker                   | offered       | suppressed |
      | wandering atrial pacemaker           | offered       | suppressed |
      | implantable cardioverter-defibrillator | offered     | suppressed |

  Scenario: a heart rate nobody measured does not hold back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the heart rate is not known
    When the record is evaluated
    Then "bradycardia" is withheld for want of "heart rate"
    And "supplement-alongside-therapy" is offered

  Scenario Outline: a slow heart rate holds back for a year, another one is current for 30 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the heart rate is "<rate>" from <days> days ago
    When the record is evaluated
    Then "bradycardia" is <stop>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | rate    | days | stop          | trial      |
      | 45 /min | 30   | offered       | suppressed |
      | 45 /min | 31   | offered       | suppressed |
      | 49 /min | 365  | offered       | suppressed |
      | 49 /min | 366  | withheld      | offered    |
      | 50 /min | 30   | not indicated | offered    |
      | 50 /min | 31   | withheld      | offered    |

  Scenario: without a problem list neither the diagnosis nor the pacemaker is known
    Given an adult with mild to moderate depression on a stable antidepressant
    And the heart rate is "45 /min"
    And the problem list is not known
    When the record is evaluated
    Then "bradycardia" is withheld for want of "problem list"
    And "supplement-alongside-therapy" is withheld

  Scenario: what its text says
    Given an adult with mild to moderate depression on a stable antidepressant
    And the heart rate is "40 /min"
    When the record is evaluated
    Then "bradycardia" is offered
    And the text of "bradycardia" says "no trial is put forward"
    And the text of "bradycardia" never says "must"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the heart rate is "45 /min"
    When the record is evaluated
    Then "bradycardia" is not indicated

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the heart rate is "45 /min"
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "bradycardia" is offered
