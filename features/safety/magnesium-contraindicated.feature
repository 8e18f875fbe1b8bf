Feature: A diagnosis in which magnesium is contraindicated
  Myasthenia, atrioventricular block of second or third degree, bowel obstruction, an active inflammatory bowel disease and
  struvite stones stop any trial.
  Evidence: magnaspartate-smpc, oddb-53890-label, tarleton-2017-exclusions

  Scenario Outline: these diagnoses hold back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "magnesium-contraindicated" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | diagnosis                 | stop          | trial      |
      | myasthenia gravis         | offered       | suppressed |
      | Lambert-Eaton syndrome    | offered       | suppressed |
      | second degree AV block    | offered       | suppressed |
      | complete heart block      | offered       | suppressed |
      | small bowel obstruction   | offered       | suppressed |
      | active ulcerative colitis | offered       | suppressed |
      | flare of Crohn's disease  | offered       | suppressed |
      | infected struvite stones  | offered       | suppressed |
      | kidney stones             | not indicated | offered    |
      | migraine                  | not indicated | offered    |

  Scenario: a problem list nobody has leaves it open
    Given an adult with mild to moderate depression who declined first-line care
    And the problem list is not known
    When the record is evaluated
    Then "magnesium-contraindicated" is withheld for want of "problem list"
    And "supplement-alone" is withheld for want of "problem list"

  Scenario: a disease of the bowel without a flare has its own rule
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "irritable bowel syndrome"
    When the record is evaluated
    Then "magnesium-contraindicated" is not indicated
    And "bowel-disease" is offered
