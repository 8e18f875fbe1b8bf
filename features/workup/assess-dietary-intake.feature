Feature: Ask about dietary magnesium
  With depressive symptoms and no estimate of intake a short screen could be offered. It is a question of nutrition: no
  benefit for mood is claimed.
  Evidence: ods-magnesium, iom-1997-intakes, tarleton-littenberg-2015; against: martinez-gonzalez-2016, phelan-2018

  Scenario Outline: from a PHQ-9 of 5
    Given a healthy adult
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "assess-dietary-intake" is <inform>

    Examples:
      | phq9 | inform        |
      | 4    | not indicated |
      | 5    | offered       |
      | 6    | offered       |

  Scenario Outline: an estimate is current for 180 days
    Given a healthy adult
    And the PHQ-9 is "12"
    And the dietary magnesium is "280 mg/d" from <days> days ago
    When the record is evaluated
    Then "assess-dietary-intake" is <inform>

    Examples:
      | days | inform        |
      | 180  | not indicated |
      | 181  | offered       |

  Scenario: without a current PHQ-9 it is withheld
    Given a healthy adult
    And the PHQ-9 is not known
    When the record is evaluated
    Then "assess-dietary-intake" is withheld for want of "PHQ-9"

  Scenario: a stop does not hold it back, and it promises nothing
    Given a healthy adult
    And the PHQ-9 is "12"
    And the eGFR is "25 mL/min/1.73m2"
    When the record is evaluated
    Then "assess-dietary-intake" is offered
    And the text of "assess-dietary-intake" says "more magnesium in the diet has not been shown to treat depression"
    And the text of "assess-dietary-intake" says "350 to 360 mg elemental in pregnancy"
    And the text of "assess-dietary-intake" never says "better diet"
