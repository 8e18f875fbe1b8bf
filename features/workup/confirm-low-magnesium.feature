Feature: Confirm and work up a low magnesium
  Below the laboratory's limit (without one: 0.70 mmol/L, 1.7 mg/dL, 1.4 meq/L) and not critical. A low value is worked up
  for its own sake; it holds back a trial for mood.
  Evidence: nhs-highland-hypomagnesaemia, bnssg-hypomagnesaemia; against a role in mood: phelan-2018

  Scenario Outline: the default lower limit in each unit
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "confirm-low-magnesium" is <workup>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | magnesium   | workup        | trial      |
      | 0.50 mmol/L | offered       | suppressed |
      | 0.69 mmol/L | offered       | suppressed |
      | 0.70 mmol/L | not indicated | offered    |
      | 0.71 mmol/L | not indicated | offered    |
      | 1.3 mg/dL   | offered       | suppressed |
      | 1.6 mg/dL   | offered       | suppressed |
      | 1.7 mg/dL   | not indicated | offered    |
      | 1.8 mg/dL   | not indicated | offered    |
      | 1.39 meq/L  | offered       | suppressed |
      | 1.4 meq/L   | not indicated | offered    |
      | 1.41 meq/L  | not indicated | offered    |

  Scenario Outline: the laboratory's own limit comes before the default
    Given a healthy adult
    And the serum magnesium is "<magnesium>" with laboratory limits "<lower>" to "<upper>"
    When the record is evaluated
    Then "confirm-low-magnesium" is <workup>

    Examples:
      | magnesium   | lower       | upper       | workup        |
      | 0.72 mmol/L | 0.75 mmol/L | 0.95 mmol/L | offered       |
      | 0.75 mmol/L | 0.75 mmol/L | 0.95 mmol/L | not indicated |
      | 0.66 mmol/L | 0.65 mmol/L | 1.00 mmol/L | not indicated |
      | 1.7 mg/dL   | 1.7 mg/dL   | 2.3 mg/dL   | not indicated |
      | 1.8 mg/dL   | 1.9 mg/dL   | 2.7 mg/dL   | offered       |

  Scenario Outline: haemolysis raises magnesium, so a low value stays credible and a normal one does not
    Given a healthy adult
    And the serum magnesium is "<magnesium>" from a haemolysed specimen
    When the record is evaluated
    Then "confirm-low-magnesium" is <workup>
    And "<said>" is reported as a data problem of the serum magnesium

    Examples:
      | magnesium   | workup   | said                          |
      | 0.60 mmol/L | offered  | a low value is still credible |
      | 0.90 mmol/L | withheld | repeat it                     |

  Scenario: the proposed latent zone below 0.85 mmol/L is no reason for a work-up
    Given a healthy adult
    And the serum magnesium is "0.80 mmol/L"
    When the record is evaluated
    Then "confirm-low-magnesium" is not indicated

  Scenario Outline: a value is current for 90 days
    Given a healthy adult
    And the serum magnesium is "0.62 mmol/L" from <days> days ago
    When the record is evaluated
    Then "confirm-low-magnesium" is <workup>

    Examples:
      | days | workup   |
      | 90   | offered  |
      | 91   | withheld |

  Scenario Outline: a recorded confirmation answers it for 90 days
    Given a healthy adult
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "<state>" from <days> days ago
    When the record is evaluated
    Then "confirm-low-magnesium" is <workup>

    Examples:
      | state               | days | workup        |
      | started             | 5    | offered       |
      | low value confirmed | 90   | not indicated |
      | low value confirmed | 91   | offered       |

  Scenario: what it asks for
    Given a healthy adult
    And the serum magnesium is "0.62 mmol/L"
    When the record is evaluated
    Then the text of "confirm-low-magnesium" says "within 7 to 14 days with potassium, calcium, creatinine and glucose"
    And the text of "confirm-low-magnesium" says "by the local protocol"

  Scenario: magnesium is never called the cause of a depression
    Given a healthy adult
    And the serum magnesium is "0.62 mmol/L"
    When the record is evaluated
    Then the text of "confirm-low-magnesium" says "separate from mood"
    And the text of "confirm-low-magnesium" never says "deficiency"
