Feature: Magnesium L-threonate in pregnancy or lactation
  The authority that assessed L-threonate left pregnant and lactating women out.
  Evidence: efsa-2024-threonate

  Scenario Outline: only L-threonate, only in pregnancy or lactation
    Given a healthy adult
    And the pregnancy is "<state>"
    And the patient takes "<product>" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "threonate-in-pregnancy" is <stop>

    Examples:
      | product               | state        | stop          |
      | magnesium L-threonate | pregnant     | offered       |
      | magnesium L-threonate | lactating    | offered       |
      | Magtein               | pregnant     | offered       |
      | magnesium L-threonate | not pregnant | not indicated |
      | magnesium citrate     | pregnant     | not indicated |

  Scenario: a pregnancy on the problem list counts, whatever the state says
    Given a healthy adult
    And the patient has "pregnancy"
    And the patient takes "magnesium L-threonate" since 30 days ago
    When the record is evaluated
    Then "threonate-in-pregnancy" is offered

  Scenario Outline: a state of pregnancy is current for 30 days
    Given a healthy adult
    And the pregnancy is "not pregnant" from <days> days ago
    And the patient takes "magnesium L-threonate" since 60 days ago
    When the record is evaluated
    Then "threonate-in-pregnancy" is <stop>

    Examples:
      | days | stop          |
      | 30   | not indicated |
      | 31   | withheld      |

  Scenario: it is not asked of men
    Given a healthy adult
    And the sex is "male"
    And the pregnancy is not known
    And the patient takes "magnesium L-threonate" since 30 days ago
    When the record is evaluated
    Then "threonate-in-pregnancy" is not indicated

  Scenario: a stop speaks under 18 too, and claims nothing of the salt
    Given a healthy adult
    And the age is "17"
    And the pregnancy is "pregnant"
    And the patient takes "magnesium L-threonate" since 30 days ago
    When the record is evaluated
    Then "threonate-in-pregnancy" is offered
    And the text of "threonate-in-pregnancy" says "no trial of it in depression was found"
    And the text of "threonate-in-pregnancy" never says "brain"

  Scenario: in pregnancy of a person recorded as of other sex
    Given a healthy adult
    And the sex is "other"
    And the pregnancy is "pregnant"
    And the patient takes "magnesium threonate" since 100 days ago
    When the record is evaluated
    Then "threonate-in-pregnancy" is offered
