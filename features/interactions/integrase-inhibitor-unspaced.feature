Feature: An integrase inhibitor without a verified interval
  For bictegravir, elvitegravir, cabotegravir and raltegravir no interval from a verified source is at hand: a trial waits until an
  HIV pharmacist has been asked.
  Evidence: tarleton-2017-exclusions; against: none

  Scenario Outline: each of them holds back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "integrase-inhibitor-unspaced" is <interaction>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | medicine              | interaction   | trial      |
      | Biktarvy              | offered       | suppressed |
      | elvitegravir          | offered       | suppressed |
      | cabotegravir          | offered       | suppressed |
      | raltegravir           | offered       | suppressed |
      | integrase inhibitor   | offered       | suppressed |
      | cabotegravir injection | not indicated | offered   |
      | dolutegravir          | not indicated | offered    |

  Scenario: dolutegravir beside it does not hide it
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "dolutegravir" since 400 days ago
    And the patient takes "raltegravir" since 400 days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "integrase-inhibitor-unspaced"

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient takes "raltegravir" since 400 days ago
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "integrase-inhibitor-unspaced" is offered
    And the text of "integrase-inhibitor-unspaced" says "HIV pharmacist"
    And the text of "integrase-inhibitor-unspaced" says "The antiviral treatment stays as it is"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient takes "raltegravir" since 400 days ago
    When the record is evaluated
    Then "integrase-inhibitor-unspaced" is not indicated

  Scenario: without a medicine list it cannot be excluded
    Given an adult with mild to moderate depression who declined first-line care
    And the medicine list is not known
    When the record is evaluated
    Then "integrase-inhibitor-unspaced" is withheld for want of "medicine list"
    And "supplement-alone" is withheld for want of "medicine list"

  Scenario Outline: one on hold leaves open which it would be
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<medicine>" on hold
    When the record is evaluated
    Then "integrase-inhibitor-unspaced" is withheld

    Examples:
      | medicine                     |
      | dolutegravir                 |
      | dolutegravir and rilpivirine |
