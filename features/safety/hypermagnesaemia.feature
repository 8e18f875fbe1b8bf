Feature: Magnesium above the upper limit
  A value above the laboratory's own limit (without one: 1.05 mmol/L, 2.6 mg/dL, 2.1 meq/L) stops a trial; above the
  critical limit severe-hypermagnesaemia takes over.
  Evidence: ctcae-v5, magnaspartate-smpc

  Scenario Outline: the default upper limit in each unit
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "hypermagnesaemia" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | magnesium   | stop          | trial      |
      | 1.04 mmol/L | not indicated | offered    |
      | 1.05 mmol/L | not indicated | offered    |
      | 1.06 mmol/L | offered       | suppressed |
      | 2.6 mg/dL   | not indicated | offered    |
      | 2.7 mg/dL   | offered       | suppressed |
      | 2.1 meq/L   | not indicated | offered    |
      | 2.2 meq/L   | offered       | suppressed |

  Scenario Outline: the laboratory's own limit comes before the default
    Given a healthy adult
    And the serum magnesium is "<magnesium>" with laboratory limits "0.70 mmol/L" to "<upper>"
    When the record is evaluated
    Then "hypermagnesaemia" is <stop>

    Examples:
      | magnesium   | upper       | stop          |
      | 1.08 mmol/L | 1.10 mmol/L | not indicated |
      | 1.10 mmol/L | 1.10 mmol/L | not indicated |
      | 1.11 mmol/L | 1.10 mmol/L | offered       |
      | 1.02 mmol/L | 1.00 mmol/L | offered       |

  Scenario Outline: a value is current for 90 days
    Given a healthy adult
    And the serum magnesium is "1.10 mmol/L" from <days> days ago
    When the record is evaluated
    Then "hypermagnesaemia" is <stop>

    Examples:
      | days | stop     |
      | 90   | offered  |
      | 91   | withheld |

  Scenario: a limit holds in the unit it is reported in: 1.232 mmol/L is above 1.23, and below 3.0 mg/dL
    Given a healthy adult
    And the serum magnesium is "1.232 mmol/L"
    When the record is evaluated
    Then "hypermagnesaemia" is offered
    And "severe-hypermagnesaemia" is offered
