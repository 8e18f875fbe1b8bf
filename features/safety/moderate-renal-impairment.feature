Feature: Moderate renal impairment
  From 30 to below 60 the default trial is held back: the trial behind it excluded such people. A specialist may decide
  otherwise. The table of both kidney limits is in severe-renal-impairment.feature.
  Evidence: tarleton-2017-exclusions, wakai-2019, magnaspartate-smpc

  Scenario Outline: it holds back the trial alone as well
    Given an adult with mild to moderate depression who declined first-line care
    And the eGFR is "<egfr>"
    When the record is evaluated
    Then "moderate-renal-impairment" is <stop>
    And "supplement-alone" is <trial>

    Examples:
      | egfr               | stop          | trial      |
      | 30 mL/min/1.73m2   | offered       | suppressed |
      | 31 mL/min/1.73m2   | offered       | suppressed |
      | 55.4 mL/min/1.73m2 | offered       | suppressed |
      | 59.9 mL/min/1.73m2 | offered       | suppressed |
      | 60 mL/min/1.73m2   | not indicated | offered    |
      | 60.1 mL/min/1.73m2 | not indicated | offered    |

  Scenario: the text leaves the decision to a specialist
    Given a healthy adult
    And the eGFR is "45 mL/min/1.73m2"
    When the record is evaluated
    Then the text of "moderate-renal-impairment" says "specialist or pharmacist"
    And the text of "moderate-renal-impairment" never says "recommended"

  Scenario: an eGFR of a year and a day ago decides nothing
    Given a healthy adult
    And the eGFR is "45 mL/min/1.73m2" from 366 days ago
    When the record is evaluated
    Then "moderate-renal-impairment" is withheld for want of "eGFR"
