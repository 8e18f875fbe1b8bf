Feature: An operation is planned within 14 days
  Magnesium potentiates neuromuscular blockers: no trial is begun shortly before an operation, and who takes magnesium is
  asked to tell the anaesthetist.
  Evidence: tarleton-2017-exclusions, emc-4841-smpc; against: none

  Scenario Outline: up to 14 days before, a trial waits
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has an operation planned in <days> days
    When the record is evaluated
    Then "planned-surgery" is <surgery>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | days | surgery       | trial      |
      | 0    | offered       | suppressed |
      | 1    | offered       | suppressed |
      | 13   | offered       | suppressed |
      | 14   | offered       | suppressed |
      | 15   | not indicated | offered    |

  Scenario: magnesium that is being taken
    Given a healthy adult
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    And the patient has an operation planned in 5 days
    When the record is evaluated
    Then "planned-surgery" is offered
    And the text of "planned-surgery" says "the anaesthetist told"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient has an operation planned in 5 days
    When the record is evaluated
    Then "planned-surgery" is not indicated

  Scenario: no operation on record does not hold back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the days to planned surgery are not known
    When the record is evaluated
    Then "planned-surgery" is withheld for want of "days to planned surgery"
    And "supplement-alongside-therapy" is offered
