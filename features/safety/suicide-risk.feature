Feature: Suicide-risk assessment in this visit
  Any answer above "not at all" to item 9 of the PHQ-9, suicidality, psychosis or catatonia asks for an assessment
  in the same visit and holds back a trial of magnesium. An item 9 of 0 never reassures.
  Evidence: simon-2013, louzon-2016

  Scenario Outline: item 9 from 1 is urgent and holds back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is "<item 9>"
    When the record is evaluated
    Then "suicide-risk" is <urgent>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | item 9 | urgent        | trial      |
      | 0      | not indicated | offered    |
      | 1      | offered       | suppressed |
      | 3      | offered       | suppressed |

  Scenario: a mild total does not outweigh item 9
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 is "6"
    And the PHQ-9 item 9 is "1"
    When the record is evaluated
    Then "suicide-risk" is offered
    And "supplement-alongside-therapy" is suppressed by "suicide-risk"

  Scenario Outline: item 9 is current for 14 days, then it has to be asked again
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is "0" from <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial    |
      | 14   | offered  |
      | 15   | withheld |

  Scenario: a missing item 9 is asked for, never taken as 0
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is not known
    When the record is evaluated
    Then "suicide-risk" is withheld
    And "supplement-alongside-therapy" is withheld for want of "PHQ-9 item 9"

  Scenario: an item 9 that cannot be is not used
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is "4"
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "PHQ-9 item 9"
    And "not plausible" is reported as a data problem of the PHQ-9 item 9

  Scenario Outline: an assessment answers item 9 only if it is not older than item 9
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is "1" from 5 days ago
    And the suicide risk assessment is "no acute risk" from <days> days ago
    When the record is evaluated
    Then "suicide-risk" is <urgent>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | days | urgent        | trial      |
      | 4    | not indicated | offered    |
      | 5    | not indicated | offered    |
      | 6    | offered       | suppressed |

  Scenario: an assessment does not stand in for an item 9 that was not asked
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is not known
    And the suicide risk assessment is "no acute risk"
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "PHQ-9 item 9"

  Scenario Outline: what the problem list says counts, whatever item 9 says
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is "0"
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "suicide-risk" is offered
    And "supplement-alongside-therapy" is suppressed by "suicide-risk"

    Examples:
      | diagnosis           |
      | suicidal ideation   |
      | suicide attempt     |
      | self-neglect        |
      | catatonia           |
      | psychotic depression |
      | schizoaffective disorder, bipolar type |

  Scenario Outline: an assessment answers suicidality, but psychosis and catatonia stay urgent
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    And the suicide risk assessment is "no acute risk"
    When the record is evaluated
    Then "suicide-risk" is <urgent>

    Examples:
      | diagnosis         | urgent        |
      | suicidal ideation | not indicated |
      | psychotic depression | offered    |

  Scenario: without a problem list suicidality cannot be excluded
    Given an adult with mild to moderate depression on a stable antidepressant
    And the problem list is not known
    When the record is evaluated
    Then "suicide-risk" is withheld
    And "supplement-alongside-therapy" is withheld for want of "problem list"

  Scenario: not even a person outside the scope loses it
    Given a healthy adult
    And the age is "16"
    And the PHQ-9 item 9 is "2"
    When the record is evaluated
    Then "suicide-risk" is offered
    And the text of "suicide-risk" says "would not exclude risk"
