Feature: The trial was never judged
  From day 50 to week 12, where magnesium was begun with depressive symptoms and no PHQ-9 since day 36 is on record: assess or
  end, so that it is not renewed without a decision.
  Evidence: tarleton-2017 (proposal); against: phelan-2018

  Scenario Outline: from day 50, after the window of week 6
    Given a healthy adult
    And the PHQ-9 is "12" from <before> days ago
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "trial-overdue" is <overdue>
    And "week-six-review" is <review>
    And "beyond-twelve-weeks" is <beyond>

    Examples:
      | days | before | overdue       | review        | beyond        |
      | 48   | 50     | not indicated | offered       | not indicated |
      | 49   | 50     | not indicated | offered       | not indicated |
      | 50   | 51     | offered       | not indicated | not indicated |
      | 51   | 51     | offered       | not indicated | not indicated |
      | 83   | 90     | offered       | not indicated | not indicated |
      | 84   | 90     | offered       | not indicated | not indicated |
      | 85   | 90     | not indicated | not indicated | offered       |

  Scenario Outline: a PHQ-9 since day 36 is a judgement
    Given a healthy adult
    And the PHQ-9 is "7" from <ago> days ago
    And the PHQ-9 was "12" 66 days ago
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 65 days ago
    When the record is evaluated
    Then "trial-overdue" is <overdue>

    Examples:
      | ago | overdue       |
      | 31  | offered       |
      | 30  | offered       |
      | 29  | not indicated |
      | 28  | not indicated |
      | 2   | not indicated |

  Scenario Outline: only with symptoms on record before it was begun
    Given a healthy adult
    And the PHQ-9 is "<phq9>" from <before> days ago
    And the patient takes "<product>" since 55 days ago
    When the record is evaluated
    Then "trial-overdue" is <overdue>

    Examples:
      | product            | phq9 | before | overdue       |
      | magnesium chloride | 4    | 60     | not indicated |
      | magnesium chloride | 5    | 60     | offered       |
      | magnesium chloride | 6    | 60     | offered       |
      | magnesium chloride | 12   | 83     | offered       |
      | magnesium chloride | 12   | 84     | not indicated |
      | milk of magnesia   | 2    | 60     | not indicated |

  Scenario: a laxative begun without any PHQ-9 is left alone
    Given a healthy adult
    And the PHQ-9 is not known
    And the patient takes "milk of magnesia" since 60 days ago
    When the record is evaluated
    Then "trial-overdue" is not indicated

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the PHQ-9 is "12" from 60 days ago
    And the patient takes "magnesium chloride" since 55 days ago
    When the record is evaluated
    Then "trial-overdue" is suppressed by "outside-adult-scope"

  Scenario: assess or end, and standard care goes on
    Given a healthy adult
    And the PHQ-9 is "12" from 60 days ago
    And the patient takes "magnesium chloride" since 55 days ago
    When the record is evaluated
    Then the text of "trial-overdue" says "assessing it now or ending it"
    And the text of "trial-overdue" says "not renewed without a decision"
    And the text of "trial-overdue" says "Standard care goes on unchanged"

  Scenario: a PHQ-9 that cannot be used is none
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 60 days ago
    And the PHQ-9 is "12" from 65 days ago
    And the PHQ-9 was reported 0 days ago and cannot be used
    When the record is evaluated
    Then "trial-overdue" is offered
