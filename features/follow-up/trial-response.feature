Feature: Response at week 6
  A fall of 5 points and of half, or a PHQ-9 below 5, by a PHQ-9 of day 36 to 49: magnesium may go on until week 12 with a
  planned stop, or end. It lets magnesium go on, so every safety stop holds it back.
  Evidence: lowe-2004, tarleton-2017, barragan-rodriguez-2008; against: phelan-2018, mehdi-2017, sarris-2022

  Scenario Outline: of response, partial response and none exactly one
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "<before>" 45 days ago
    When the record is evaluated
    Then "trial-response" is <response>
    And "trial-partial-response" is <partial>
    And "trial-no-response" is <none>

    Examples: of the clinical brief
      | before | after | response      | partial       | none          |
      | 12     | 7     | not indicated | offered       | not indicated |
      | 12     | 6     | offered       | not indicated | not indicated |
      | 9      | 7     | not indicated | offered       | not indicated |
      | 12     | 10    | not indicated | not indicated | offered       |

    Examples: half, and below 5
      | before | after | response      | partial       | none          |
      | 13     | 7     | not indicated | offered       | not indicated |
      | 13     | 6     | offered       | not indicated | not indicated |
      | 10     | 5     | offered       | not indicated | not indicated |
      | 9      | 5     | not indicated | offered       | not indicated |
      | 9      | 4     | offered       | not indicated | not indicated |
      | 8      | 4     | offered       | not indicated | not indicated |
      | 6      | 4     | offered       | not indicated | not indicated |
      | 5      | 4     | offered       | not indicated | not indicated |
      | 19     | 9     | offered       | not indicated | not indicated |
      | 19     | 10    | not indicated | offered       | not indicated |

    Examples: a fifth, and 5 points
      | before | after | response      | partial       | none          |
      | 10     | 8     | not indicated | offered       | not indicated |
      | 10     | 9     | not indicated | not indicated | offered       |
      | 15     | 12    | not indicated | offered       | not indicated |
      | 15     | 13    | not indicated | not indicated | offered       |
      | 19     | 15    | not indicated | offered       | not indicated |
      | 19     | 16    | not indicated | not indicated | offered       |
      | 6      | 5     | not indicated | not indicated | offered       |
      | 12     | 12    | not indicated | not indicated | offered       |
      | 12     | 16    | not indicated | not indicated | offered       |

    Examples: without symptoms before there was no trial for mood
      | before | after | response      | partial       | none          |
      | 4      | 2     | not indicated | not indicated | not indicated |
      | 4      | 6     | not indicated | not indicated | not indicated |

  Scenario Outline: a PHQ-9 of day 36 or later, up to week 12
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    And the PHQ-9 is "4" from <ago> days ago
    And the PHQ-9 was "12" 90 days ago
    When the record is evaluated
    Then "trial-response" is <response>

    Examples:
      | days | ago | response      |
      | 65   | 0   | offered       |
      | 84   | 0   | offered       |
      | 85   | 0   | not indicated |
      | 84   | 14  | offered       |
      | 84   | 15  | withheld      |

  Scenario Outline: before day 36 nothing is judged
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    And the PHQ-9 is "4" from <ago> days ago
    And the PHQ-9 was "12" 50 days ago
    When the record is evaluated
    Then "trial-response" is <response>

    Examples:
      | days | ago | response      |
      | 35   | 0   | not indicated |
      | 36   | 0   | offered       |
      | 37   | 0   | offered       |
      | 42   | 7   | not indicated |
      | 42   | 6   | offered       |
      | 49   | 0   | offered       |

  Scenario Outline: the PHQ-9 before is one of the 4 weeks before the start
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" <before> days ago
    When the record is evaluated
    Then "trial-response" is <response>

    Examples:
      | before | response |
      | 42     | offered  |
      | 70     | offered  |
      | 71     | withheld |

  Scenario: without a PHQ-9 since the start it is withheld
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "12" from 45 days ago
    When the record is evaluated
    Then "trial-response" is withheld
    And "week-six-review" is offered

  Scenario Outline: what holds back going on
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the <item> is "<value>"
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | item            | value              | rule                    |
      | PHQ-9 item 9    | 1                  | suicide-risk            |
      | eGFR            | 29.9 mL/min/1.73m2 | severe-renal-impairment |
      | serum magnesium | 1.10 mmol/L        | hypermagnesaemia        |
      | pregnancy       | pregnant           | pregnancy               |
      | age             | 17                 | outside-adult-scope     |

  Scenario: an unknown item 9 withholds it
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the PHQ-9 item 9 is not known
    When the record is evaluated
    Then "trial-response" is withheld for want of "PHQ-9 item 9"

  Scenario: who takes no magnesium has nothing to judge
    Given a healthy adult
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "trial-response" is not indicated

  Scenario: what its text says
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then the text of "trial-response" says "If it was begun for mood"
    And the text of "trial-response" says "until week 12 at most with a planned stop"
    And the text of "trial-response" says "no data beyond 8 weeks"
    And the text of "trial-response" says "a fall of less than 5 points, as from 6 to 4, lies within measurement error"
    And the text of "trial-response" never says "6 or less"
    And the text of "trial-response" says "cannot be told from expectation"
    And the text of "trial-response" says "Standard care goes on unchanged"
    And the text of "trial-response" never says "worked"

  Scenario Outline: before day 36 nothing is judged, whatever is not known
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since <days> days ago
    And the PHQ-9 is "12" from 40 days ago
    When the record is evaluated
    Then "trial-response" is <response>

    Examples:
      | days | response      |
      | 35   | not indicated |
      | 36   | withheld      |

  Scenario Outline: the fall in per cent, from a PHQ-9 of the 4 weeks before the start
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>" from <ago> days ago
    And the PHQ-9 was "<before>" <days> days ago
    When the record is evaluated
    Then "trial-response" is <response>
    And "trial-partial-response" is <partial>

    Examples:
      | before | days | after | ago | response | partial       |
      | 12     | 70   | 6     | 0   | offered  | not indicated |
      | 20     | 71   | 5     | 0   | withheld | withheld      |

  Scenario Outline: a fall is current for 14 days
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 60 days ago
    And the PHQ-9 is "5" from <ago> days ago
    And the PHQ-9 was "20" 65 days ago
    When the record is evaluated
    Then "trial-response" is <response>
    And "trial-partial-response" is <partial>

    Examples:
      | ago | response | partial       |
      | 14  | offered  | not indicated |
      | 15  | withheld | withheld      |

  Scenario: of at most 3 points before and 5 now there was no response
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 answers are "0, 0, 0, 0, 0, 0, 0, 0, -" from 45 days ago
    And the PHQ-9 answers are "1, 1, 1, 1, 1, 0, 0, 0, 0"
    When the record is evaluated
    Then "trial-response" is not indicated
