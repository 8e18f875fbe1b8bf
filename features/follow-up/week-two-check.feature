Feature: Tolerability at week 2
  From day 10 to day 18 after the first dose: adherence, stools, blood pressure, new medicines and item 9. Whether magnesium
  does anything is not judged here.
  Evidence: magnaspartate-smpc, tarleton-2017

  Scenario Outline: day 10 to day 18
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "week-two-check" is <monitor>

    Examples:
      | days | monitor       |
      | 9    | not indicated |
      | 10   | offered       |
      | 11   | offered       |
      | 17   | offered       |
      | 18   | offered       |
      | 19   | not indicated |

  Scenario: a start that is not known leaves it open
    Given a healthy adult
    And the patient takes "magnesium chloride"
    When the record is evaluated
    Then "week-two-check" is withheld for want of "medicine list"

  Scenario Outline: a medicine list is current for 30 days; magnesium on an older one is still known
    Given a healthy adult
    And the patient takes "<medicine>" since 14 days ago
    And the medicine list was reviewed <days> days ago
    When the record is evaluated
    Then "week-two-check" is <monitor>

    Examples:
      | medicine           | days | monitor       |
      | magnesium chloride | 30   | offered       |
      | ibuprofen          | 30   | not indicated |
      | ibuprofen          | 31   | withheld      |

  Scenario: who stopped it is not asked
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 14 days ago
    And the patient stopped "magnesium chloride" 2 days ago
    When the record is evaluated
    Then "week-two-check" is not indicated

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the patient takes "magnesium chloride" with "100 mg elemental" a day since 14 days ago
    When the record is evaluated
    Then "week-two-check" is suppressed by "outside-adult-scope"

  Scenario: what it asks, and what it does not say
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 14 days ago
    When the record is evaluated
    Then the text of "week-two-check" says "adherence, stools, blood pressure, new medicines and item 9"
    And the text of "week-two-check" says "half the dose"
    And the text of "week-two-check" says "3 or more loose stools a day"
    And the text of "week-two-check" says "judged at week 6"
    And the text of "week-two-check" says "item 9 of 0 would not exclude suicide risk"
    And the text of "week-two-check" never says "improve"
