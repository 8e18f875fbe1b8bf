Feature: Depressive symptoms in pregnancy or after birth
  From a PHQ-9 of 10 a referral to perinatal mental health may be considered. Magnesium is no part of it, and nothing holds this back
  but the scope of adults.
  Evidence: boyle-2017 (proposal); against: none

  Scenario Outline: a PHQ-9 of 10 or more in pregnancy or lactation
    Given a healthy adult
    And the pregnancy is "<pregnancy>"
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "perinatal-depression" is <workup>

    Examples:
      | pregnancy    | phq9 | workup        |
      | pregnant     | 9    | not indicated |
      | pregnant     | 10   | offered       |
      | pregnant     | 11   | offered       |
      | lactating    | 9    | not indicated |
      | lactating    | 10   | offered       |
      | not pregnant | 20   | not indicated |

  Scenario Outline: a pregnancy is asked about from 12 to 55
    Given a healthy adult
    And the age is "<age>"
    And the pregnancy is "pregnant"
    And the PHQ-9 is "12"
    When the record is evaluated
    Then "perinatal-depression" is <workup>

    Examples:
      | age | workup        |
      | 11  | not indicated |
      | 12  | suppressed    |
      | 13  | suppressed    |
      | 55  | offered       |
      | 56  | not indicated |
      | 57  | not indicated |

  Scenario Outline: what the problem list says counts too
    Given a healthy adult
    And the PHQ-9 is "12"
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "perinatal-depression" is <workup>
    And "pregnancy" is <stop>

    Examples:
      | diagnosis                        | workup        | stop          |
      | postpartum depression            | offered       | not indicated |
      | twin pregnancy                   | offered       | offered       |
      | history of postpartum depression | not indicated | not indicated |
      | depression                       | not indicated | not indicated |

  Scenario: no stop holds it back
    Given a healthy adult
    And the pregnancy is "pregnant"
    And the PHQ-9 is "12"
    And the eGFR is "20 mL/min/1.73m2"
    When the record is evaluated
    Then "severe-renal-impairment" is offered
    And "perinatal-depression" is offered

  Scenario: whether there is a pregnancy has to be known
    Given a healthy adult
    And the PHQ-9 is "12"
    And the pregnancy is not known
    When the record is evaluated
    Then "perinatal-depression" is withheld for want of "pregnancy"

  Scenario: it is not asked of men
    Given a healthy adult
    And the sex is "male"
    And the PHQ-9 is "12"
    And the pregnancy is not known
    When the record is evaluated
    Then "perinatal-depression" is not indicated

  Scenario Outline: a PHQ-9 is current for 14 days
    Given a healthy adult
    And the pregnancy is "pregnant"
    And the PHQ-9 is "12" from <days> days ago
    When the record is evaluated
    Then "perinatal-depression" is <workup>

    Examples:
      | days | workup   |
      | 14   | offered  |
      | 15   | withheld |

  Scenario: what its text says
    Given a healthy adult
    And the pregnancy is "lactating"
    And the PHQ-9 is "12"
    When the record is evaluated
    Then the text of "perinatal-depression" says "may be considered"
    And the text of "perinatal-depression" says "Magnesium is no part of it"
