Feature: A disease of stomach or bowel that the trial excluded
  The trial left out irritable and inflammatory bowel, reflux disease and gastritis; a stoma loses magnesium. The default trial is
  not put forward, and looking for a low magnesium comes first. It is silent where magnesium is not in question.
  Evidence: tarleton-2017-exclusions, bnssg-hypomagnesaemia; against: none

  Scenario Outline: each of them holds back the trial for mood
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "bowel-disease" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | diagnosis                          | stop          | trial      |
      | gastro-oesophageal reflux disease  | offered       | suppressed |
      | GERD                               | offered       | suppressed |
      | gastritis                          | offered       | suppressed |
      | irritable bowel syndrome           | offered       | suppressed |
      | Crohn's disease in remission       | offered       | suppressed |
      | ulcerative colitis flare           | offered       | suppressed |
      | ileostomy                          | offered       | suppressed |
      | ileostomy reversed                 | not indicated | offered    |
      | family history of Crohn's disease  | not indicated | offered    |
      | haemorrhoids                       | not indicated | offered    |

  Scenario: a trial alone is held back too
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "irritable bowel syndrome"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "bowel-disease"

  Scenario: the work-up of a low magnesium is not held back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "ulcerative colitis"
    And the serum magnesium is "0.60 mmol/L"
    When the record is evaluated
    Then "bowel-disease" is offered
    And "confirm-low-magnesium" is offered

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient has "GERD"
    When the record is evaluated
    Then "bowel-disease" is not indicated

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient has "GERD"
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "bowel-disease" is offered
    And the text of "bowel-disease" says "leaving it out is an option"
    And the text of "bowel-disease" says "separate from mood"

  Scenario: without a problem list it cannot be excluded
    Given an adult with mild to moderate depression on a stable antidepressant
    And the problem list is not known
    When the record is evaluated
    Then "bowel-disease" is withheld for want of "problem list"
    And "supplement-alongside-therapy" is withheld for want of "problem list"

  Scenario Outline: a problem list is current for 365 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the problem list was reviewed <days> days ago
    When the record is evaluated
    Then "bowel-disease" is <stop>

    Examples:
      | days | stop          |
      | 365  | not indicated |
      | 366  | withheld      |

  Scenario Outline: going on after a trial waits as well
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "12" 45 days ago
    And the patient has "ileostomy"
    When the record is evaluated
    Then "<rule>" is suppressed by "bowel-disease"

    Examples:
      | after | rule                   |
      | 6     | trial-response         |
      | 7     | trial-partial-response |
