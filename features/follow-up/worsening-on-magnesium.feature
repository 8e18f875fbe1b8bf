Feature: Worse since magnesium was begun
  A rise of 5 points of the PHQ-9 or any rise of item 9, at any time on magnesium. It takes the place of response, partial
  response and no response, and points to suicide risk.
  Evidence: lowe-2004, simon-2013, louzon-2016

  Scenario Outline: a rise of 5 points, at any time
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "<before>" <ago> days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is <stop>

    Examples:
      | days | before | ago | after | stop          |
      | 3    | 10     | 5   | 14    | not indicated |
      | 3    | 10     | 5   | 15    | offered       |
      | 3    | 10     | 5   | 16    | offered       |
      | 42   | 12     | 45  | 17    | offered       |
      | 200  | 12     | 210 | 17    | offered       |
      | 42   | 2      | 45  | 7     | offered       |
      | 42   | 12     | 45  | 7     | not indicated |

  Scenario Outline: item 9 that has risen
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "6"
    And the PHQ-9 was "12" 45 days ago
    And the PHQ-9 item 9 is "<after>"
    And the PHQ-9 item 9 was "<before>" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is <stop>
    And "suicide-risk" is <urgent>
    And "trial-response" is <response>

    Examples:
      | before | after | stop          | urgent        | response   |
      | 0      | 0     | not indicated | not indicated | offered    |
      | 0      | 1     | offered       | offered       | suppressed |
      | 0      | 2     | offered       | offered       | suppressed |
      | 1      | 2     | offered       | offered       | suppressed |
      | 1      | 1     | not indicated | offered       | suppressed |
      | 1      | 0     | not indicated | not indicated | offered    |

  Scenario Outline: it takes the place of the other three
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "12" 45 days ago
    And the PHQ-9 item 9 is "1"
    And the PHQ-9 item 9 was "0" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is offered
    And "<rule>" is suppressed by "worsening-on-magnesium"

    Examples:
      | after | rule                   |
      | 4     | trial-response         |
      | 7     | trial-partial-response |
      | 11    | trial-no-response      |
      | 17    | trial-no-response      |

  Scenario: after an assessment without acute risk it still keeps "going on" back
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "6"
    And the PHQ-9 was "12" 45 days ago
    And the PHQ-9 item 9 is "1"
    And the PHQ-9 item 9 was "0" 45 days ago
    And the suicide risk assessment is "no acute risk"
    When the record is evaluated
    Then "suicide-risk" is not indicated
    And "trial-response" is suppressed by "worsening-on-magnesium"

  Scenario Outline: a PHQ-9 is current for 14 days
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "17" from <ago> days ago
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is <stop>

    Examples:
      | ago | stop     |
      | 14  | offered  |
      | 15  | withheld |

  Scenario Outline: so is a rise of item 9
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "12"
    And the PHQ-9 was "12" 45 days ago
    And the PHQ-9 item 9 is "1" from <ago> days ago
    And the PHQ-9 item 9 was "0" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is <stop>

    Examples:
      | ago | stop     |
      | 14  | offered  |
      | 15  | withheld |

  Scenario: who takes no magnesium is not meant
    Given a healthy adult
    And the PHQ-9 is "17"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is not indicated

  Scenario: it speaks under 18 too, and of suicide risk first
    Given a healthy adult
    And the age is "17"
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "17"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is offered
    And the text of "worsening-on-magnesium" says "Suicide risk could be assessed in this visit, whatever item 9 says"
    And the text of "worsening-on-magnesium" says "If magnesium was begun for mood"

  Scenario Outline: item 9 of the last 14 days, against one of the 4 weeks before the start
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 item 9 is "1" from <ago> days ago
    And the PHQ-9 item 9 was "<before>" <days> days ago
    And the PHQ-9 is "12"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is <stop>

    Examples:
      | ago | before | days | stop          |
      | 14  | 0      | 50   | offered       |
      | 0   | 0      | 70   | offered       |
      | 0   | 0      | 71   | withheld      |
      | 14  | 1      | 50   | not indicated |
      | 15  | 1      | 50   | withheld      |

  Scenario Outline: the PHQ-9 against one of the 4 weeks before the start
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "17"
    And the PHQ-9 was "12" <days> days ago
    When the record is evaluated
    Then "worsening-on-magnesium" is <stop>

    Examples:
      | days | stop     |
      | 70   | offered  |
      | 71   | withheld |
