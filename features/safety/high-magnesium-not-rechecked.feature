Feature: Last known magnesium was high and is out of date
  A high magnesium does not become normal by growing old: it goes on holding back a trial until a newer value answers it. A departure
  from brief 8.2 on the safe side.
  Evidence: ctcae-v5, magnaspartate-smpc (proposal); against: none

  Scenario Outline: after 90 days it goes on holding back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>" from <days> days ago
    When the record is evaluated
    Then "high-magnesium-not-rechecked" is <ask>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | magnesium   | days | ask           | trial      |
      | 1.05 mmol/L | 91   | not indicated | offered    |
      | 1.06 mmol/L | 91   | offered       | suppressed |
      | 1.07 mmol/L | 400  | offered       | suppressed |
      | 2.6 mg/dL   | 91   | not indicated | offered    |
      | 2.7 mg/dL   | 91   | offered       | suppressed |
      | 2.1 meq/L   | 91   | not indicated | offered    |
      | 2.2 meq/L   | 91   | offered       | suppressed |
      | 1.40 mmol/L | 200  | offered       | suppressed |

  Scenario Outline: while the value is current the other rules speak
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "1.10 mmol/L" from <days> days ago
    When the record is evaluated
    Then "hypermagnesaemia" is <current>
    And "high-magnesium-not-rechecked" is <ask>
    And "supplement-alongside-therapy" is suppressed

    Examples:
      | days | current  | ask           |
      | 90   | offered  | not indicated |
      | 91   | withheld | offered       |

  Scenario: never measured is not the same as high
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is not known
    When the record is evaluated
    Then "high-magnesium-not-rechecked" is not indicated
    And "supplement-alongside-therapy" is offered

  Scenario: an old value that says only "more than" might have been high
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is ">1.00 mmol/L" from 100 days ago
    When the record is evaluated
    Then "high-magnesium-not-rechecked" is withheld
    And "supplement-alongside-therapy" is withheld

  Scenario: what its text says
    Given a healthy adult
    And the serum magnesium is "1.20 mmol/L" from 120 days ago
    When the record is evaluated
    Then "high-magnesium-not-rechecked" is offered
    And the text of "high-magnesium-not-rechecked" says "may be considered"
    And the text of "high-magnesium-not-rechecked" says "until a newer value is there"
